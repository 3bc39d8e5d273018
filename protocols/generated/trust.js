import { decodeMessage, encodeMessage, MaxLengthError, message, streamMessage } from 'protons-runtime';
const noBytes = new Uint8Array(0);
export var SignedAttestation;
(function (SignedAttestation) {
    let _codec;
    SignedAttestation.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.attestation != null && obj.attestation.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.attestation);
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
                    attestation: noBytes,
                    signature: noBytes
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.attestation = reader.bytes();
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
                                field: `${prefix}.attestation`,
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
        return encodeMessage(obj, SignedAttestation.codec());
    }
    SignedAttestation.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, SignedAttestation.codec(), opts);
    }
    SignedAttestation.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, SignedAttestation.codec(), opts);
    }
    SignedAttestation.stream = stream;
})(SignedAttestation || (SignedAttestation = {}));
export var Attestation;
(function (Attestation) {
    let _codec;
    Attestation.codec = () => {
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
                if ((obj.issuer != null && obj.issuer !== '')) {
                    w.uint32(26);
                    w.string(obj.issuer);
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
                if (obj.claims != null && obj.claims.length > 0) {
                    for (const value of obj.claims) {
                        w.uint32(58);
                        Claim.codec().encode(value, w);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    version: 0,
                    network: '',
                    issuer: '',
                    seq: 0,
                    issuedAt: 0,
                    expiresAt: 0,
                    claims: []
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
                            obj.issuer = reader.string();
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
                            if (opts.limits?.claims != null && obj.claims.length === opts.limits.claims) {
                                throw new MaxLengthError('Decode error - repeated field "claims" had too many elements');
                            }
                            obj.claims.push(Claim.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.claims$
                            }));
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
                    claims: 0
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
                                field: `${prefix}.issuer`,
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
                            if (opts.limits?.claims != null && obj.claims === opts.limits.claims) {
                                throw new MaxLengthError('Streaming decode error - repeated field "claims" had too many elements');
                            }
                            for (const evt of Claim.codec().stream(reader, reader.uint32(), `${prefix}.claims[]`, {
                                limits: opts.limits?.claims$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.claims
                                };
                            }
                            obj.claims++;
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
        return encodeMessage(obj, Attestation.codec());
    }
    Attestation.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Attestation.codec(), opts);
    }
    Attestation.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Attestation.codec(), opts);
    }
    Attestation.stream = stream;
})(Attestation || (Attestation = {}));
export var Claim;
(function (Claim) {
    let _codec;
    Claim.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.subject != null && obj.subject !== '')) {
                    w.uint32(10);
                    w.string(obj.subject);
                }
                if ((obj.skill != null && obj.skill !== '')) {
                    w.uint32(18);
                    w.string(obj.skill);
                }
                if ((obj.pos != null && obj.pos !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.pos);
                }
                if ((obj.neg != null && obj.neg !== 0)) {
                    w.uint32(32);
                    w.uint32(obj.neg);
                }
                if ((obj.grounded != null && obj.grounded !== false)) {
                    w.uint32(40);
                    w.bool(obj.grounded);
                }
                if ((obj.lastEpoch != null && obj.lastEpoch !== 0)) {
                    w.uint32(48);
                    w.uint32(obj.lastEpoch);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    subject: '',
                    skill: '',
                    pos: 0,
                    neg: 0,
                    grounded: false,
                    lastEpoch: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.subject = reader.string();
                            break;
                        }
                        case 2: {
                            obj.skill = reader.string();
                            break;
                        }
                        case 3: {
                            obj.pos = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.neg = reader.uint32();
                            break;
                        }
                        case 5: {
                            obj.grounded = reader.bool();
                            break;
                        }
                        case 6: {
                            obj.lastEpoch = reader.uint32();
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
                                field: `${prefix}.subject`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.skill`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.pos`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.neg`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.grounded`,
                                value: reader.bool()
                            };
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.lastEpoch`,
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
        return encodeMessage(obj, Claim.codec());
    }
    Claim.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Claim.codec(), opts);
    }
    Claim.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Claim.codec(), opts);
    }
    Claim.stream = stream;
})(Claim || (Claim = {}));
export var Equivocation;
(function (Equivocation) {
    let _codec;
    Equivocation.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if (obj.first != null) {
                    w.uint32(10);
                    SignedAttestation.codec().encode(obj.first, w);
                }
                if (obj.second != null) {
                    w.uint32(18);
                    SignedAttestation.codec().encode(obj.second, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {};
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.first = SignedAttestation.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.first
                            });
                            break;
                        }
                        case 2: {
                            obj.second = SignedAttestation.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.second
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
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield* SignedAttestation.codec().stream(reader, reader.uint32(), `${prefix}.first`, {
                                limits: opts.limits?.first
                            });
                            break;
                        }
                        case 2: {
                            yield* SignedAttestation.codec().stream(reader, reader.uint32(), `${prefix}.second`, {
                                limits: opts.limits?.second
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
        return encodeMessage(obj, Equivocation.codec());
    }
    Equivocation.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Equivocation.codec(), opts);
    }
    Equivocation.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Equivocation.codec(), opts);
    }
    Equivocation.stream = stream;
})(Equivocation || (Equivocation = {}));
export var Alarm;
(function (Alarm) {
    let _codec;
    Alarm.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if (obj.equivocation != null) {
                    w.uint32(10);
                    Equivocation.codec().encode(obj.equivocation, w);
                }
                if (obj.fault != null) {
                    w.uint32(18);
                    SignedFault.codec().encode(obj.fault, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {};
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.equivocation = Equivocation.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.equivocation
                            });
                            break;
                        }
                        case 2: {
                            obj.fault = SignedFault.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.fault
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
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield* Equivocation.codec().stream(reader, reader.uint32(), `${prefix}.equivocation`, {
                                limits: opts.limits?.equivocation
                            });
                            break;
                        }
                        case 2: {
                            yield* SignedFault.codec().stream(reader, reader.uint32(), `${prefix}.fault`, {
                                limits: opts.limits?.fault
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
        return encodeMessage(obj, Alarm.codec());
    }
    Alarm.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Alarm.codec(), opts);
    }
    Alarm.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Alarm.codec(), opts);
    }
    Alarm.stream = stream;
})(Alarm || (Alarm = {}));
export var SignedFault;
(function (SignedFault) {
    let _codec;
    SignedFault.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.fault != null && obj.fault.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.fault);
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
                    fault: noBytes,
                    signature: noBytes
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.fault = reader.bytes();
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
                                field: `${prefix}.fault`,
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
        return encodeMessage(obj, SignedFault.codec());
    }
    SignedFault.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, SignedFault.codec(), opts);
    }
    SignedFault.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, SignedFault.codec(), opts);
    }
    SignedFault.stream = stream;
})(SignedFault || (SignedFault = {}));
export var Fault;
(function (Fault) {
    let _codec;
    Fault.codec = () => {
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
                if ((obj.reporter != null && obj.reporter !== '')) {
                    w.uint32(26);
                    w.string(obj.reporter);
                }
                if ((obj.issuedAt != null && obj.issuedAt !== 0)) {
                    w.uint32(32);
                    w.uint64Number(obj.issuedAt);
                }
                if (obj.wrong != null) {
                    w.uint32(42);
                    SignedResult.codec().encode(obj.wrong, w);
                }
                if ((obj.groundedHash != null && obj.groundedHash.byteLength > 0)) {
                    w.uint32(50);
                    w.bytes(obj.groundedHash);
                }
                if (obj.other != null) {
                    w.uint32(58);
                    SignedResult.codec().encode(obj.other, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    version: 0,
                    network: '',
                    reporter: '',
                    issuedAt: 0,
                    groundedHash: noBytes
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
                            obj.reporter = reader.string();
                            break;
                        }
                        case 4: {
                            obj.issuedAt = reader.uint64Number();
                            break;
                        }
                        case 5: {
                            obj.wrong = SignedResult.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.wrong
                            });
                            break;
                        }
                        case 6: {
                            obj.groundedHash = reader.bytes();
                            break;
                        }
                        case 7: {
                            obj.other = SignedResult.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.other
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
                                field: `${prefix}.reporter`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.issuedAt`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 5: {
                            yield* SignedResult.codec().stream(reader, reader.uint32(), `${prefix}.wrong`, {
                                limits: opts.limits?.wrong
                            });
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.groundedHash`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 7: {
                            yield* SignedResult.codec().stream(reader, reader.uint32(), `${prefix}.other`, {
                                limits: opts.limits?.other
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
        return encodeMessage(obj, Fault.codec());
    }
    Fault.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Fault.codec(), opts);
    }
    Fault.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Fault.codec(), opts);
    }
    Fault.stream = stream;
})(Fault || (Fault = {}));
export var SignedResult;
(function (SignedResult) {
    let _codec;
    SignedResult.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.submitter != null && obj.submitter !== '')) {
                    w.uint32(10);
                    w.string(obj.submitter);
                }
                if ((obj.worker != null && obj.worker !== '')) {
                    w.uint32(18);
                    w.string(obj.worker);
                }
                if ((obj.taskId != null && obj.taskId.byteLength > 0)) {
                    w.uint32(26);
                    w.bytes(obj.taskId);
                }
                if ((obj.attempt != null && obj.attempt !== 0)) {
                    w.uint32(32);
                    w.uint32(obj.attempt);
                }
                if ((obj.inputHash != null && obj.inputHash.byteLength > 0)) {
                    w.uint32(42);
                    w.bytes(obj.inputHash);
                }
                if ((obj.skill != null && obj.skill !== '')) {
                    w.uint32(50);
                    w.string(obj.skill);
                }
                if ((obj.skillVersion != null && obj.skillVersion !== '')) {
                    w.uint32(58);
                    w.string(obj.skillVersion);
                }
                if ((obj.outputHash != null && obj.outputHash.byteLength > 0)) {
                    w.uint32(66);
                    w.bytes(obj.outputHash);
                }
                if ((obj.signature != null && obj.signature.byteLength > 0)) {
                    w.uint32(74);
                    w.bytes(obj.signature);
                }
                if ((obj.leafIndex != null && obj.leafIndex !== 0)) {
                    w.uint32(80);
                    w.uint32(obj.leafIndex);
                }
                if ((obj.treeSize != null && obj.treeSize !== 0)) {
                    w.uint32(88);
                    w.uint32(obj.treeSize);
                }
                if (obj.proof != null && obj.proof.length > 0) {
                    for (const value of obj.proof) {
                        w.uint32(98);
                        w.bytes(value);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    submitter: '',
                    worker: '',
                    taskId: noBytes,
                    attempt: 0,
                    inputHash: noBytes,
                    skill: '',
                    skillVersion: '',
                    outputHash: noBytes,
                    signature: noBytes,
                    leafIndex: 0,
                    treeSize: 0,
                    proof: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.submitter = reader.string();
                            break;
                        }
                        case 2: {
                            obj.worker = reader.string();
                            break;
                        }
                        case 3: {
                            obj.taskId = reader.bytes();
                            break;
                        }
                        case 4: {
                            obj.attempt = reader.uint32();
                            break;
                        }
                        case 5: {
                            obj.inputHash = reader.bytes();
                            break;
                        }
                        case 6: {
                            obj.skill = reader.string();
                            break;
                        }
                        case 7: {
                            obj.skillVersion = reader.string();
                            break;
                        }
                        case 8: {
                            obj.outputHash = reader.bytes();
                            break;
                        }
                        case 9: {
                            obj.signature = reader.bytes();
                            break;
                        }
                        case 10: {
                            obj.leafIndex = reader.uint32();
                            break;
                        }
                        case 11: {
                            obj.treeSize = reader.uint32();
                            break;
                        }
                        case 12: {
                            if (opts.limits?.proof != null && obj.proof.length === opts.limits.proof) {
                                throw new MaxLengthError('Decode error - repeated field "proof" had too many elements');
                            }
                            obj.proof.push(reader.bytes());
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
                    proof: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.submitter`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.worker`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.taskId`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.attempt`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.inputHash`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.skill`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 7: {
                            yield {
                                field: `${prefix}.skillVersion`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 8: {
                            yield {
                                field: `${prefix}.outputHash`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 9: {
                            yield {
                                field: `${prefix}.signature`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 10: {
                            yield {
                                field: `${prefix}.leafIndex`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 11: {
                            yield {
                                field: `${prefix}.treeSize`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 12: {
                            if (opts.limits?.proof != null && obj.proof === opts.limits.proof) {
                                throw new MaxLengthError('Streaming decode error - repeated field "proof" had too many elements');
                            }
                            yield {
                                field: `${prefix}.proof[]`,
                                index: obj.proof,
                                value: reader.bytes()
                            };
                            obj.proof++;
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
        return encodeMessage(obj, SignedResult.codec());
    }
    SignedResult.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, SignedResult.codec(), opts);
    }
    SignedResult.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, SignedResult.codec(), opts);
    }
    SignedResult.stream = stream;
})(SignedResult || (SignedResult = {}));
export var TrustRequest;
(function (TrustRequest) {
    let _codec;
    TrustRequest.codec = () => {
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
                if ((obj.digests != null && obj.digests.byteLength > 0)) {
                    w.uint32(26);
                    w.bytes(obj.digests);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    version: 0,
                    network: '',
                    digests: noBytes
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
                            obj.digests = reader.bytes();
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
                                field: `${prefix}.digests`,
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
        return encodeMessage(obj, TrustRequest.codec());
    }
    TrustRequest.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, TrustRequest.codec(), opts);
    }
    TrustRequest.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, TrustRequest.codec(), opts);
    }
    TrustRequest.stream = stream;
})(TrustRequest || (TrustRequest = {}));
export var TrustBatch;
(function (TrustBatch) {
    let _codec;
    TrustBatch.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if (obj.attestations != null && obj.attestations.length > 0) {
                    for (const value of obj.attestations) {
                        w.uint32(10);
                        SignedAttestation.codec().encode(value, w);
                    }
                }
                if (obj.equivocations != null && obj.equivocations.length > 0) {
                    for (const value of obj.equivocations) {
                        w.uint32(18);
                        Equivocation.codec().encode(value, w);
                    }
                }
                if ((obj.wanted != null && obj.wanted.byteLength > 0)) {
                    w.uint32(26);
                    w.bytes(obj.wanted);
                }
                if ((obj.last != null && obj.last !== false)) {
                    w.uint32(32);
                    w.bool(obj.last);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    attestations: [],
                    equivocations: [],
                    wanted: noBytes,
                    last: false
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.attestations != null && obj.attestations.length === opts.limits.attestations) {
                                throw new MaxLengthError('Decode error - repeated field "attestations" had too many elements');
                            }
                            obj.attestations.push(SignedAttestation.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.attestations$
                            }));
                            break;
                        }
                        case 2: {
                            if (opts.limits?.equivocations != null && obj.equivocations.length === opts.limits.equivocations) {
                                throw new MaxLengthError('Decode error - repeated field "equivocations" had too many elements');
                            }
                            obj.equivocations.push(Equivocation.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.equivocations$
                            }));
                            break;
                        }
                        case 3: {
                            obj.wanted = reader.bytes();
                            break;
                        }
                        case 4: {
                            obj.last = reader.bool();
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
                    attestations: 0,
                    equivocations: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.attestations != null && obj.attestations === opts.limits.attestations) {
                                throw new MaxLengthError('Streaming decode error - repeated field "attestations" had too many elements');
                            }
                            for (const evt of SignedAttestation.codec().stream(reader, reader.uint32(), `${prefix}.attestations[]`, {
                                limits: opts.limits?.attestations$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.attestations
                                };
                            }
                            obj.attestations++;
                            break;
                        }
                        case 2: {
                            if (opts.limits?.equivocations != null && obj.equivocations === opts.limits.equivocations) {
                                throw new MaxLengthError('Streaming decode error - repeated field "equivocations" had too many elements');
                            }
                            for (const evt of Equivocation.codec().stream(reader, reader.uint32(), `${prefix}.equivocations[]`, {
                                limits: opts.limits?.equivocations$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.equivocations
                                };
                            }
                            obj.equivocations++;
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.wanted`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.last`,
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
        return encodeMessage(obj, TrustBatch.codec());
    }
    TrustBatch.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, TrustBatch.codec(), opts);
    }
    TrustBatch.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, TrustBatch.codec(), opts);
    }
    TrustBatch.stream = stream;
})(TrustBatch || (TrustBatch = {}));
