import { decodeMessage, encodeMessage, MaxLengthError, message, streamMessage } from 'protons-runtime';
const noBytes = new Uint8Array(0);
export var SignedCard;
(function (SignedCard) {
    let _codec;
    SignedCard.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.card != null && obj.card.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.card);
                }
                if ((obj.signature != null && obj.signature.byteLength > 0)) {
                    w.uint32(18);
                    w.bytes(obj.signature);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    card: noBytes,
                    signature: noBytes
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.card = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.signature = reader.bytes();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.card`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.signature`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, SignedCard.codec());
    }
    SignedCard.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, SignedCard.codec(), opts);
    }
    SignedCard.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, SignedCard.codec(), opts);
    }
    SignedCard.stream = stream;
})(SignedCard || (SignedCard = {}));
export var Card;
(function (Card) {
    let _codec;
    Card.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.version != null && obj.version !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.version);
                }
                if ((obj.network != null && obj.network !== '')) {
                    w.uint32(18);
                    w.string(obj.network);
                }
                if ((obj.peerId != null && obj.peerId !== '')) {
                    w.uint32(26);
                    w.string(obj.peerId);
                }
                if ((obj.seq != null && obj.seq !== 0)) {
                    w.uint32(32);
                    w.uint64Number(obj.seq);
                }
                if ((obj.issuedAt != null && obj.issuedAt !== 0)) {
                    w.uint32(40);
                    w.uint64Number(obj.issuedAt);
                }
                if ((obj.expiresAt != null && obj.expiresAt !== 0)) {
                    w.uint32(48);
                    w.uint64Number(obj.expiresAt);
                }
                if ((obj.name != null && obj.name !== '')) {
                    w.uint32(58);
                    w.string(obj.name);
                }
                if (obj.addresses != null && obj.addresses.length > 0) {
                    for (const value of obj.addresses) {
                        w.uint32(66);
                        w.string(value);
                    }
                }
                if (obj.agent != null) {
                    w.uint32(74);
                    AgentInfo.codec().encode(obj.agent, w);
                }
                if (obj.resources != null) {
                    w.uint32(82);
                    Resources.codec().encode(obj.resources, w);
                }
                if ((obj.role != null && obj.role !== '')) {
                    w.uint32(90);
                    w.string(obj.role);
                }
                if (obj.tags != null && obj.tags.length > 0) {
                    for (const value of obj.tags) {
                        w.uint32(98);
                        w.string(value);
                    }
                }
                if (obj.tiers != null && obj.tiers.length > 0) {
                    for (const value of obj.tiers) {
                        w.uint32(106);
                        w.string(value);
                    }
                }
                if (obj.load != null) {
                    w.uint32(114);
                    CardLoad.codec().encode(obj.load, w);
                }
                if (obj.skills != null && obj.skills.length > 0) {
                    for (const value of obj.skills) {
                        w.uint32(122);
                        SkillEntry.codec().encode(value, w);
                    }
                }
                if ((obj.tombstone != null && obj.tombstone !== false)) {
                    w.uint32(128);
                    w.bool(obj.tombstone);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    version: 0,
                    network: '',
                    peerId: '',
                    seq: 0,
                    issuedAt: 0,
                    expiresAt: 0,
                    name: '',
                    addresses: [],
                    role: '',
                    tags: [],
                    tiers: [],
                    skills: [],
                    tombstone: false
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.version = reader.uint32();
                            break;
                        }
                        case 2: {
                            obj.network = reader.string();
                            break;
                        }
                        case 3: {
                            obj.peerId = reader.string();
                            break;
                        }
                        case 4: {
                            obj.seq = reader.uint64Number();
                            break;
                        }
                        case 5: {
                            obj.issuedAt = reader.uint64Number();
                            break;
                        }
                        case 6: {
                            obj.expiresAt = reader.uint64Number();
                            break;
                        }
                        case 7: {
                            obj.name = reader.string();
                            break;
                        }
                        case 8: {
                            if (opts.limits?.addresses != null && obj.addresses.length === opts.limits.addresses) {
                                throw new MaxLengthError('Decode error - repeated field "addresses" had too many elements');
                            }
                            obj.addresses.push(reader.string());
                            break;
                        }
                        case 9: {
                            obj.agent = AgentInfo.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.agent
                            });
                            break;
                        }
                        case 10: {
                            obj.resources = Resources.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.resources
                            });
                            break;
                        }
                        case 11: {
                            obj.role = reader.string();
                            break;
                        }
                        case 12: {
                            if (opts.limits?.tags != null && obj.tags.length === opts.limits.tags) {
                                throw new MaxLengthError('Decode error - repeated field "tags" had too many elements');
                            }
                            obj.tags.push(reader.string());
                            break;
                        }
                        case 13: {
                            if (opts.limits?.tiers != null && obj.tiers.length === opts.limits.tiers) {
                                throw new MaxLengthError('Decode error - repeated field "tiers" had too many elements');
                            }
                            obj.tiers.push(reader.string());
                            break;
                        }
                        case 14: {
                            obj.load = CardLoad.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.load
                            });
                            break;
                        }
                        case 15: {
                            if (opts.limits?.skills != null && obj.skills.length === opts.limits.skills) {
                                throw new MaxLengthError('Decode error - repeated field "skills" had too many elements');
                            }
                            obj.skills.push(SkillEntry.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.skills$
                            }));
                            break;
                        }
                        case 16: {
                            obj.tombstone = reader.bool();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const obj = {
                    addresses: 0,
                    tags: 0,
                    tiers: 0,
                    skills: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.version`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.network`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.peerId`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.seq`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.issuedAt`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.expiresAt`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 7: {
                            yield {
                                field: `${prefix}.name`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 8: {
                            if (opts.limits?.addresses != null && obj.addresses === opts.limits.addresses) {
                                throw new MaxLengthError('Streaming decode error - repeated field "addresses" had too many elements');
                            }
                            yield {
                                field: `${prefix}.addresses[]`,
                                index: obj.addresses,
                                value: reader.string()
                            };
                            obj.addresses++;
                            break;
                        }
                        case 9: {
                            yield* AgentInfo.codec().stream(reader, reader.uint32(), `${prefix}.agent`, {
                                limits: opts.limits?.agent
                            });
                            break;
                        }
                        case 10: {
                            yield* Resources.codec().stream(reader, reader.uint32(), `${prefix}.resources`, {
                                limits: opts.limits?.resources
                            });
                            break;
                        }
                        case 11: {
                            yield {
                                field: `${prefix}.role`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 12: {
                            if (opts.limits?.tags != null && obj.tags === opts.limits.tags) {
                                throw new MaxLengthError('Streaming decode error - repeated field "tags" had too many elements');
                            }
                            yield {
                                field: `${prefix}.tags[]`,
                                index: obj.tags,
                                value: reader.string()
                            };
                            obj.tags++;
                            break;
                        }
                        case 13: {
                            if (opts.limits?.tiers != null && obj.tiers === opts.limits.tiers) {
                                throw new MaxLengthError('Streaming decode error - repeated field "tiers" had too many elements');
                            }
                            yield {
                                field: `${prefix}.tiers[]`,
                                index: obj.tiers,
                                value: reader.string()
                            };
                            obj.tiers++;
                            break;
                        }
                        case 14: {
                            yield* CardLoad.codec().stream(reader, reader.uint32(), `${prefix}.load`, {
                                limits: opts.limits?.load
                            });
                            break;
                        }
                        case 15: {
                            if (opts.limits?.skills != null && obj.skills === opts.limits.skills) {
                                throw new MaxLengthError('Streaming decode error - repeated field "skills" had too many elements');
                            }
                            for (const evt of SkillEntry.codec().stream(reader, reader.uint32(), `${prefix}.skills[]`, {
                                limits: opts.limits?.skills$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.skills
                                };
                            }
                            obj.skills++;
                            break;
                        }
                        case 16: {
                            yield {
                                field: `${prefix}.tombstone`,
                                value: reader.bool()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Card.codec());
    }
    Card.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Card.codec(), opts);
    }
    Card.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Card.codec(), opts);
    }
    Card.stream = stream;
})(Card || (Card = {}));
export var AgentInfo;
(function (AgentInfo) {
    let _codec;
    AgentInfo.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.name != null && obj.name !== '')) {
                    w.uint32(10);
                    w.string(obj.name);
                }
                if ((obj.version != null && obj.version !== '')) {
                    w.uint32(18);
                    w.string(obj.version);
                }
                if (obj.protocols != null && obj.protocols.length > 0) {
                    for (const value of obj.protocols) {
                        w.uint32(26);
                        w.string(value);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    name: '',
                    version: '',
                    protocols: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.name = reader.string();
                            break;
                        }
                        case 2: {
                            obj.version = reader.string();
                            break;
                        }
                        case 3: {
                            if (opts.limits?.protocols != null && obj.protocols.length === opts.limits.protocols) {
                                throw new MaxLengthError('Decode error - repeated field "protocols" had too many elements');
                            }
                            obj.protocols.push(reader.string());
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const obj = {
                    protocols: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.name`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.version`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 3: {
                            if (opts.limits?.protocols != null && obj.protocols === opts.limits.protocols) {
                                throw new MaxLengthError('Streaming decode error - repeated field "protocols" had too many elements');
                            }
                            yield {
                                field: `${prefix}.protocols[]`,
                                index: obj.protocols,
                                value: reader.string()
                            };
                            obj.protocols++;
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, AgentInfo.codec());
    }
    AgentInfo.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, AgentInfo.codec(), opts);
    }
    AgentInfo.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, AgentInfo.codec(), opts);
    }
    AgentInfo.stream = stream;
})(AgentInfo || (AgentInfo = {}));
export var Resources;
(function (Resources) {
    let _codec;
    Resources.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.cpuCores != null && obj.cpuCores !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.cpuCores);
                }
                if ((obj.memoryBytes != null && obj.memoryBytes !== 0)) {
                    w.uint32(16);
                    w.uint64Number(obj.memoryBytes);
                }
                if ((obj.storageBytes != null && obj.storageBytes !== 0)) {
                    w.uint32(24);
                    w.uint64Number(obj.storageBytes);
                }
                if (obj.gpus != null && obj.gpus.length > 0) {
                    for (const value of obj.gpus) {
                        w.uint32(34);
                        w.string(value);
                    }
                }
                if ((obj.platform != null && obj.platform !== '')) {
                    w.uint32(42);
                    w.string(obj.platform);
                }
                if ((obj.arch != null && obj.arch !== '')) {
                    w.uint32(50);
                    w.string(obj.arch);
                }
                if ((obj.internet != null && obj.internet !== false)) {
                    w.uint32(56);
                    w.bool(obj.internet);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    cpuCores: 0,
                    memoryBytes: 0,
                    storageBytes: 0,
                    gpus: [],
                    platform: '',
                    arch: '',
                    internet: false
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.cpuCores = reader.uint32();
                            break;
                        }
                        case 2: {
                            obj.memoryBytes = reader.uint64Number();
                            break;
                        }
                        case 3: {
                            obj.storageBytes = reader.uint64Number();
                            break;
                        }
                        case 4: {
                            if (opts.limits?.gpus != null && obj.gpus.length === opts.limits.gpus) {
                                throw new MaxLengthError('Decode error - repeated field "gpus" had too many elements');
                            }
                            obj.gpus.push(reader.string());
                            break;
                        }
                        case 5: {
                            obj.platform = reader.string();
                            break;
                        }
                        case 6: {
                            obj.arch = reader.string();
                            break;
                        }
                        case 7: {
                            obj.internet = reader.bool();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const obj = {
                    gpus: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.cpuCores`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.memoryBytes`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.storageBytes`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 4: {
                            if (opts.limits?.gpus != null && obj.gpus === opts.limits.gpus) {
                                throw new MaxLengthError('Streaming decode error - repeated field "gpus" had too many elements');
                            }
                            yield {
                                field: `${prefix}.gpus[]`,
                                index: obj.gpus,
                                value: reader.string()
                            };
                            obj.gpus++;
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.platform`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.arch`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 7: {
                            yield {
                                field: `${prefix}.internet`,
                                value: reader.bool()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Resources.codec());
    }
    Resources.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Resources.codec(), opts);
    }
    Resources.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Resources.codec(), opts);
    }
    Resources.stream = stream;
})(Resources || (Resources = {}));
export var CardLoad;
(function (CardLoad) {
    let _codec;
    CardLoad.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.running != null && obj.running !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.running);
                }
                if ((obj.slots != null && obj.slots !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.slots);
                }
                if ((obj.queued != null && obj.queued !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.queued);
                }
                if ((obj.serviceMs != null && obj.serviceMs !== 0)) {
                    w.uint32(32);
                    w.uint32(obj.serviceMs);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    running: 0,
                    slots: 0,
                    queued: 0,
                    serviceMs: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.running = reader.uint32();
                            break;
                        }
                        case 2: {
                            obj.slots = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.queued = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.serviceMs = reader.uint32();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.running`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.slots`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.queued`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.serviceMs`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, CardLoad.codec());
    }
    CardLoad.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, CardLoad.codec(), opts);
    }
    CardLoad.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, CardLoad.codec(), opts);
    }
    CardLoad.stream = stream;
})(CardLoad || (CardLoad = {}));
export var SkillEntry;
(function (SkillEntry) {
    let _codec;
    SkillEntry.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.id != null && obj.id !== '')) {
                    w.uint32(10);
                    w.string(obj.id);
                }
                if ((obj.version != null && obj.version !== '')) {
                    w.uint32(18);
                    w.string(obj.version);
                }
                if ((obj.name != null && obj.name !== '')) {
                    w.uint32(26);
                    w.string(obj.name);
                }
                if ((obj.description != null && obj.description !== '')) {
                    w.uint32(34);
                    w.string(obj.description);
                }
                if (obj.tags != null && obj.tags.length > 0) {
                    for (const value of obj.tags) {
                        w.uint32(42);
                        w.string(value);
                    }
                }
                if (obj.examples != null && obj.examples.length > 0) {
                    for (const value of obj.examples) {
                        w.uint32(50);
                        w.string(value);
                    }
                }
                if ((obj.inputSchemaHash != null && obj.inputSchemaHash.byteLength > 0)) {
                    w.uint32(58);
                    w.bytes(obj.inputSchemaHash);
                }
                if ((obj.outputSchemaHash != null && obj.outputSchemaHash.byteLength > 0)) {
                    w.uint32(66);
                    w.bytes(obj.outputSchemaHash);
                }
                if ((obj.deterministic != null && obj.deterministic !== false)) {
                    w.uint32(72);
                    w.bool(obj.deterministic);
                }
                if ((obj.idempotent != null && obj.idempotent !== false)) {
                    w.uint32(80);
                    w.bool(obj.idempotent);
                }
                if ((obj.priceMilli != null && obj.priceMilli !== 0)) {
                    w.uint32(88);
                    w.uint64Number(obj.priceMilli);
                }
                if ((obj.access != null && obj.access !== '')) {
                    w.uint32(98);
                    w.string(obj.access);
                }
                if (obj.inputModes != null && obj.inputModes.length > 0) {
                    for (const value of obj.inputModes) {
                        w.uint32(106);
                        w.string(value);
                    }
                }
                if ((obj.warm != null && obj.warm !== false)) {
                    w.uint32(112);
                    w.bool(obj.warm);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    id: '',
                    version: '',
                    name: '',
                    description: '',
                    tags: [],
                    examples: [],
                    inputSchemaHash: noBytes,
                    outputSchemaHash: noBytes,
                    deterministic: false,
                    idempotent: false,
                    priceMilli: 0,
                    access: '',
                    inputModes: [],
                    warm: false
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.id = reader.string();
                            break;
                        }
                        case 2: {
                            obj.version = reader.string();
                            break;
                        }
                        case 3: {
                            obj.name = reader.string();
                            break;
                        }
                        case 4: {
                            obj.description = reader.string();
                            break;
                        }
                        case 5: {
                            if (opts.limits?.tags != null && obj.tags.length === opts.limits.tags) {
                                throw new MaxLengthError('Decode error - repeated field "tags" had too many elements');
                            }
                            obj.tags.push(reader.string());
                            break;
                        }
                        case 6: {
                            if (opts.limits?.examples != null && obj.examples.length === opts.limits.examples) {
                                throw new MaxLengthError('Decode error - repeated field "examples" had too many elements');
                            }
                            obj.examples.push(reader.string());
                            break;
                        }
                        case 7: {
                            obj.inputSchemaHash = reader.bytes();
                            break;
                        }
                        case 8: {
                            obj.outputSchemaHash = reader.bytes();
                            break;
                        }
                        case 9: {
                            obj.deterministic = reader.bool();
                            break;
                        }
                        case 10: {
                            obj.idempotent = reader.bool();
                            break;
                        }
                        case 11: {
                            obj.priceMilli = reader.uint64Number();
                            break;
                        }
                        case 12: {
                            obj.access = reader.string();
                            break;
                        }
                        case 13: {
                            if (opts.limits?.inputModes != null && obj.inputModes.length === opts.limits.inputModes) {
                                throw new MaxLengthError('Decode error - repeated field "inputModes" had too many elements');
                            }
                            obj.inputModes.push(reader.string());
                            break;
                        }
                        case 14: {
                            obj.warm = reader.bool();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const obj = {
                    tags: 0,
                    examples: 0,
                    inputModes: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.id`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.version`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.name`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.description`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 5: {
                            if (opts.limits?.tags != null && obj.tags === opts.limits.tags) {
                                throw new MaxLengthError('Streaming decode error - repeated field "tags" had too many elements');
                            }
                            yield {
                                field: `${prefix}.tags[]`,
                                index: obj.tags,
                                value: reader.string()
                            };
                            obj.tags++;
                            break;
                        }
                        case 6: {
                            if (opts.limits?.examples != null && obj.examples === opts.limits.examples) {
                                throw new MaxLengthError('Streaming decode error - repeated field "examples" had too many elements');
                            }
                            yield {
                                field: `${prefix}.examples[]`,
                                index: obj.examples,
                                value: reader.string()
                            };
                            obj.examples++;
                            break;
                        }
                        case 7: {
                            yield {
                                field: `${prefix}.inputSchemaHash`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 8: {
                            yield {
                                field: `${prefix}.outputSchemaHash`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 9: {
                            yield {
                                field: `${prefix}.deterministic`,
                                value: reader.bool()
                            };
                            break;
                        }
                        case 10: {
                            yield {
                                field: `${prefix}.idempotent`,
                                value: reader.bool()
                            };
                            break;
                        }
                        case 11: {
                            yield {
                                field: `${prefix}.priceMilli`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 12: {
                            yield {
                                field: `${prefix}.access`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 13: {
                            if (opts.limits?.inputModes != null && obj.inputModes === opts.limits.inputModes) {
                                throw new MaxLengthError('Streaming decode error - repeated field "inputModes" had too many elements');
                            }
                            yield {
                                field: `${prefix}.inputModes[]`,
                                index: obj.inputModes,
                                value: reader.string()
                            };
                            obj.inputModes++;
                            break;
                        }
                        case 14: {
                            yield {
                                field: `${prefix}.warm`,
                                value: reader.bool()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, SkillEntry.codec());
    }
    SkillEntry.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, SkillEntry.codec(), opts);
    }
    SkillEntry.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, SkillEntry.codec(), opts);
    }
    SkillEntry.stream = stream;
})(SkillEntry || (SkillEntry = {}));
export var CardRequest;
(function (CardRequest) {
    let _codec;
    CardRequest.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.known != null && obj.known !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.known);
                }
                if (obj.schemas != null && obj.schemas.length > 0) {
                    for (const value of obj.schemas) {
                        w.uint32(18);
                        w.bytes(value);
                    }
                }
                if (obj.own != null) {
                    w.uint32(26);
                    SignedCard.codec().encode(obj.own, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    known: 0,
                    schemas: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.known = reader.uint32();
                            break;
                        }
                        case 2: {
                            if (opts.limits?.schemas != null && obj.schemas.length === opts.limits.schemas) {
                                throw new MaxLengthError('Decode error - repeated field "schemas" had too many elements');
                            }
                            obj.schemas.push(reader.bytes());
                            break;
                        }
                        case 3: {
                            obj.own = SignedCard.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.own
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const obj = {
                    schemas: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.known`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 2: {
                            if (opts.limits?.schemas != null && obj.schemas === opts.limits.schemas) {
                                throw new MaxLengthError('Streaming decode error - repeated field "schemas" had too many elements');
                            }
                            yield {
                                field: `${prefix}.schemas[]`,
                                index: obj.schemas,
                                value: reader.bytes()
                            };
                            obj.schemas++;
                            break;
                        }
                        case 3: {
                            yield* SignedCard.codec().stream(reader, reader.uint32(), `${prefix}.own`, {
                                limits: opts.limits?.own
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, CardRequest.codec());
    }
    CardRequest.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, CardRequest.codec(), opts);
    }
    CardRequest.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, CardRequest.codec(), opts);
    }
    CardRequest.stream = stream;
})(CardRequest || (CardRequest = {}));
export var CardResponse;
(function (CardResponse) {
    let _codec;
    CardResponse.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if (obj.own != null) {
                    w.uint32(10);
                    SignedCard.codec().encode(obj.own, w);
                }
                if (obj.known != null && obj.known.length > 0) {
                    for (const value of obj.known) {
                        w.uint32(18);
                        SignedCard.codec().encode(value, w);
                    }
                }
                if (obj.schemas != null && obj.schemas.length > 0) {
                    for (const value of obj.schemas) {
                        w.uint32(26);
                        w.bytes(value);
                    }
                }
                if ((obj.error != null && obj.error !== '')) {
                    w.uint32(34);
                    w.string(obj.error);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    known: [],
                    schemas: [],
                    error: ''
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.own = SignedCard.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.own
                            });
                            break;
                        }
                        case 2: {
                            if (opts.limits?.known != null && obj.known.length === opts.limits.known) {
                                throw new MaxLengthError('Decode error - repeated field "known" had too many elements');
                            }
                            obj.known.push(SignedCard.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.known$
                            }));
                            break;
                        }
                        case 3: {
                            if (opts.limits?.schemas != null && obj.schemas.length === opts.limits.schemas) {
                                throw new MaxLengthError('Decode error - repeated field "schemas" had too many elements');
                            }
                            obj.schemas.push(reader.bytes());
                            break;
                        }
                        case 4: {
                            obj.error = reader.string();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const obj = {
                    known: 0,
                    schemas: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield* SignedCard.codec().stream(reader, reader.uint32(), `${prefix}.own`, {
                                limits: opts.limits?.own
                            });
                            break;
                        }
                        case 2: {
                            if (opts.limits?.known != null && obj.known === opts.limits.known) {
                                throw new MaxLengthError('Streaming decode error - repeated field "known" had too many elements');
                            }
                            for (const evt of SignedCard.codec().stream(reader, reader.uint32(), `${prefix}.known[]`, {
                                limits: opts.limits?.known$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.known
                                };
                            }
                            obj.known++;
                            break;
                        }
                        case 3: {
                            if (opts.limits?.schemas != null && obj.schemas === opts.limits.schemas) {
                                throw new MaxLengthError('Streaming decode error - repeated field "schemas" had too many elements');
                            }
                            yield {
                                field: `${prefix}.schemas[]`,
                                index: obj.schemas,
                                value: reader.bytes()
                            };
                            obj.schemas++;
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.error`,
                                value: reader.string()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, CardResponse.codec());
    }
    CardResponse.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, CardResponse.codec(), opts);
    }
    CardResponse.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, CardResponse.codec(), opts);
    }
    CardResponse.stream = stream;
})(CardResponse || (CardResponse = {}));
