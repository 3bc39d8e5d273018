import { decodeMessage, encodeMessage, message, streamMessage } from 'protons-runtime';
const noBytes = new Uint8Array(0);
export var BlobRequest;
(function (BlobRequest) {
    let _codec;
    BlobRequest.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.hash != null && obj.hash.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.hash);
                }
                if ((obj.offset != null && obj.offset !== 0)) {
                    w.uint32(16);
                    w.uint64Number(obj.offset);
                }
                if ((obj.length != null && obj.length !== 0)) {
                    w.uint32(24);
                    w.uint64Number(obj.length);
                }
                if ((obj.credit != null && obj.credit !== 0)) {
                    w.uint32(32);
                    w.uint32(obj.credit);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    hash: noBytes,
                    offset: 0,
                    length: 0,
                    credit: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.hash = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.offset = reader.uint64Number();
                            break;
                        }
                        case 3: {
                            obj.length = reader.uint64Number();
                            break;
                        }
                        case 4: {
                            obj.credit = reader.uint32();
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
                                field: `${prefix}.hash`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.offset`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.length`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.credit`,
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
        return encodeMessage(obj, BlobRequest.codec());
    }
    BlobRequest.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, BlobRequest.codec(), opts);
    }
    BlobRequest.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, BlobRequest.codec(), opts);
    }
    BlobRequest.stream = stream;
})(BlobRequest || (BlobRequest = {}));
export var BlobResponse;
(function (BlobResponse) {
    let _codec;
    BlobResponse.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.sizeBytes != null && obj.sizeBytes !== 0)) {
                    w.uint32(8);
                    w.uint64Number(obj.sizeBytes);
                }
                if ((obj.length != null && obj.length !== 0)) {
                    w.uint32(16);
                    w.uint64Number(obj.length);
                }
                if ((obj.error != null && obj.error !== '')) {
                    w.uint32(26);
                    w.string(obj.error);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    sizeBytes: 0,
                    length: 0,
                    error: ''
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.sizeBytes = reader.uint64Number();
                            break;
                        }
                        case 2: {
                            obj.length = reader.uint64Number();
                            break;
                        }
                        case 3: {
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
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.sizeBytes`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.length`,
                                value: reader.uint64Number()
                            };
                            break;
                        }
                        case 3: {
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
        return encodeMessage(obj, BlobResponse.codec());
    }
    BlobResponse.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, BlobResponse.codec(), opts);
    }
    BlobResponse.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, BlobResponse.codec(), opts);
    }
    BlobResponse.stream = stream;
})(BlobResponse || (BlobResponse = {}));
export var BlobCredit;
(function (BlobCredit) {
    let _codec;
    BlobCredit.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.chunks != null && obj.chunks !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.chunks);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    chunks: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.chunks = reader.uint32();
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
                                field: `${prefix}.chunks`,
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
        return encodeMessage(obj, BlobCredit.codec());
    }
    BlobCredit.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, BlobCredit.codec(), opts);
    }
    BlobCredit.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, BlobCredit.codec(), opts);
    }
    BlobCredit.stream = stream;
})(BlobCredit || (BlobCredit = {}));
