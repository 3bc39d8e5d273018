import { decodeMessage, encodeMessage, enumeration, MaxLengthError, message, streamMessage } from 'protons-runtime';
const noBytes = new Uint8Array(0);
export var Frame;
(function (Frame) {
    let _codec;
    Frame.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                obj = { ...obj };
                if (obj.error != null) {
                    obj.goAway = undefined;
                    obj.credit = undefined;
                    obj.loadReport = undefined;
                    obj.probe = undefined;
                    obj.status = undefined;
                    obj.query = undefined;
                    obj.resume = undefined;
                    obj.pause = undefined;
                    obj.cancel = undefined;
                    obj.responseAck = undefined;
                    obj.response = undefined;
                    obj.progress = undefined;
                    obj.ack = undefined;
                    obj.request = undefined;
                    obj.hello = undefined;
                }
                if (obj.goAway != null) {
                    obj.error = undefined;
                    obj.credit = undefined;
                    obj.loadReport = undefined;
                    obj.probe = undefined;
                    obj.status = undefined;
                    obj.query = undefined;
                    obj.resume = undefined;
                    obj.pause = undefined;
                    obj.cancel = undefined;
                    obj.responseAck = undefined;
                    obj.response = undefined;
                    obj.progress = undefined;
                    obj.ack = undefined;
                    obj.request = undefined;
                    obj.hello = undefined;
                }
                if (obj.credit != null) {
                    obj.error = undefined;
                    obj.goAway = undefined;
                    obj.loadReport = undefined;
                    obj.probe = undefined;
                    obj.status = undefined;
                    obj.query = undefined;
                    obj.resume = undefined;
                    obj.pause = undefined;
                    obj.cancel = undefined;
                    obj.responseAck = undefined;
                    obj.response = undefined;
                    obj.progress = undefined;
                    obj.ack = undefined;
                    obj.request = undefined;
                    obj.hello = undefined;
                }
                if (obj.loadReport != null) {
                    obj.error = undefined;
                    obj.goAway = undefined;
                    obj.credit = undefined;
                    obj.probe = undefined;
                    obj.status = undefined;
                    obj.query = undefined;
                    obj.resume = undefined;
                    obj.pause = undefined;
                    obj.cancel = undefined;
                    obj.responseAck = undefined;
                    obj.response = undefined;
                    obj.progress = undefined;
                    obj.ack = undefined;
                    obj.request = undefined;
                    obj.hello = undefined;
                }
                if (obj.probe != null) {
                    obj.error = undefined;
                    obj.goAway = undefined;
                    obj.credit = undefined;
                    obj.loadReport = undefined;
                    obj.status = undefined;
                    obj.query = undefined;
                    obj.resume = undefined;
                    obj.pause = undefined;
                    obj.cancel = undefined;
                    obj.responseAck = undefined;
                    obj.response = undefined;
                    obj.progress = undefined;
                    obj.ack = undefined;
                    obj.request = undefined;
                    obj.hello = undefined;
                }
                if (obj.status != null) {
                    obj.error = undefined;
                    obj.goAway = undefined;
                    obj.credit = undefined;
                    obj.loadReport = undefined;
                    obj.probe = undefined;
                    obj.query = undefined;
                    obj.resume = undefined;
                    obj.pause = undefined;
                    obj.cancel = undefined;
                    obj.responseAck = undefined;
                    obj.response = undefined;
                    obj.progress = undefined;
                    obj.ack = undefined;
                    obj.request = undefined;
                    obj.hello = undefined;
                }
                if (obj.query != null) {
                    obj.error = undefined;
                    obj.goAway = undefined;
                    obj.credit = undefined;
                    obj.loadReport = undefined;
                    obj.probe = undefined;
                    obj.status = undefined;
                    obj.resume = undefined;
                    obj.pause = undefined;
                    obj.cancel = undefined;
                    obj.responseAck = undefined;
                    obj.response = undefined;
                    obj.progress = undefined;
                    obj.ack = undefined;
                    obj.request = undefined;
                    obj.hello = undefined;
                }
                if (obj.resume != null) {
                    obj.error = undefined;
                    obj.goAway = undefined;
                    obj.credit = undefined;
                    obj.loadReport = undefined;
                    obj.probe = undefined;
                    obj.status = undefined;
                    obj.query = undefined;
                    obj.pause = undefined;
                    obj.cancel = undefined;
                    obj.responseAck = undefined;
                    obj.response = undefined;
                    obj.progress = undefined;
                    obj.ack = undefined;
                    obj.request = undefined;
                    obj.hello = undefined;
                }
                if (obj.pause != null) {
                    obj.error = undefined;
                    obj.goAway = undefined;
                    obj.credit = undefined;
                    obj.loadReport = undefined;
                    obj.probe = undefined;
                    obj.status = undefined;
                    obj.query = undefined;
                    obj.resume = undefined;
                    obj.cancel = undefined;
                    obj.responseAck = undefined;
                    obj.response = undefined;
                    obj.progress = undefined;
                    obj.ack = undefined;
                    obj.request = undefined;
                    obj.hello = undefined;
                }
                if (obj.cancel != null) {
                    obj.error = undefined;
                    obj.goAway = undefined;
                    obj.credit = undefined;
                    obj.loadReport = undefined;
                    obj.probe = undefined;
                    obj.status = undefined;
                    obj.query = undefined;
                    obj.resume = undefined;
                    obj.pause = undefined;
                    obj.responseAck = undefined;
                    obj.response = undefined;
                    obj.progress = undefined;
                    obj.ack = undefined;
                    obj.request = undefined;
                    obj.hello = undefined;
                }
                if (obj.responseAck != null) {
                    obj.error = undefined;
                    obj.goAway = undefined;
                    obj.credit = undefined;
                    obj.loadReport = undefined;
                    obj.probe = undefined;
                    obj.status = undefined;
                    obj.query = undefined;
                    obj.resume = undefined;
                    obj.pause = undefined;
                    obj.cancel = undefined;
                    obj.response = undefined;
                    obj.progress = undefined;
                    obj.ack = undefined;
                    obj.request = undefined;
                    obj.hello = undefined;
                }
                if (obj.response != null) {
                    obj.error = undefined;
                    obj.goAway = undefined;
                    obj.credit = undefined;
                    obj.loadReport = undefined;
                    obj.probe = undefined;
                    obj.status = undefined;
                    obj.query = undefined;
                    obj.resume = undefined;
                    obj.pause = undefined;
                    obj.cancel = undefined;
                    obj.responseAck = undefined;
                    obj.progress = undefined;
                    obj.ack = undefined;
                    obj.request = undefined;
                    obj.hello = undefined;
                }
                if (obj.progress != null) {
                    obj.error = undefined;
                    obj.goAway = undefined;
                    obj.credit = undefined;
                    obj.loadReport = undefined;
                    obj.probe = undefined;
                    obj.status = undefined;
                    obj.query = undefined;
                    obj.resume = undefined;
                    obj.pause = undefined;
                    obj.cancel = undefined;
                    obj.responseAck = undefined;
                    obj.response = undefined;
                    obj.ack = undefined;
                    obj.request = undefined;
                    obj.hello = undefined;
                }
                if (obj.ack != null) {
                    obj.error = undefined;
                    obj.goAway = undefined;
                    obj.credit = undefined;
                    obj.loadReport = undefined;
                    obj.probe = undefined;
                    obj.status = undefined;
                    obj.query = undefined;
                    obj.resume = undefined;
                    obj.pause = undefined;
                    obj.cancel = undefined;
                    obj.responseAck = undefined;
                    obj.response = undefined;
                    obj.progress = undefined;
                    obj.request = undefined;
                    obj.hello = undefined;
                }
                if (obj.request != null) {
                    obj.error = undefined;
                    obj.goAway = undefined;
                    obj.credit = undefined;
                    obj.loadReport = undefined;
                    obj.probe = undefined;
                    obj.status = undefined;
                    obj.query = undefined;
                    obj.resume = undefined;
                    obj.pause = undefined;
                    obj.cancel = undefined;
                    obj.responseAck = undefined;
                    obj.response = undefined;
                    obj.progress = undefined;
                    obj.ack = undefined;
                    obj.hello = undefined;
                }
                if (obj.hello != null) {
                    obj.error = undefined;
                    obj.goAway = undefined;
                    obj.credit = undefined;
                    obj.loadReport = undefined;
                    obj.probe = undefined;
                    obj.status = undefined;
                    obj.query = undefined;
                    obj.resume = undefined;
                    obj.pause = undefined;
                    obj.cancel = undefined;
                    obj.responseAck = undefined;
                    obj.response = undefined;
                    obj.progress = undefined;
                    obj.ack = undefined;
                    obj.request = undefined;
                }
                if (obj.hello != null) {
                    w.uint32(10);
                    Hello.codec().encode(obj.hello, w);
                }
                if (obj.request != null) {
                    w.uint32(18);
                    TaskRequest.codec().encode(obj.request, w);
                }
                if (obj.ack != null) {
                    w.uint32(26);
                    TaskAck.codec().encode(obj.ack, w);
                }
                if (obj.progress != null) {
                    w.uint32(34);
                    TaskProgress.codec().encode(obj.progress, w);
                }
                if (obj.response != null) {
                    w.uint32(42);
                    TaskResponse.codec().encode(obj.response, w);
                }
                if (obj.responseAck != null) {
                    w.uint32(50);
                    ResponseAck.codec().encode(obj.responseAck, w);
                }
                if (obj.cancel != null) {
                    w.uint32(58);
                    TaskCancel.codec().encode(obj.cancel, w);
                }
                if (obj.pause != null) {
                    w.uint32(66);
                    TaskPause.codec().encode(obj.pause, w);
                }
                if (obj.resume != null) {
                    w.uint32(74);
                    TaskResume.codec().encode(obj.resume, w);
                }
                if (obj.query != null) {
                    w.uint32(82);
                    TaskQuery.codec().encode(obj.query, w);
                }
                if (obj.status != null) {
                    w.uint32(90);
                    TaskStatus.codec().encode(obj.status, w);
                }
                if (obj.probe != null) {
                    w.uint32(98);
                    Probe.codec().encode(obj.probe, w);
                }
                if (obj.loadReport != null) {
                    w.uint32(106);
                    LoadReport.codec().encode(obj.loadReport, w);
                }
                if (obj.credit != null) {
                    w.uint32(114);
                    Credit.codec().encode(obj.credit, w);
                }
                if (obj.goAway != null) {
                    w.uint32(122);
                    GoAway.codec().encode(obj.goAway, w);
                }
                if (obj.error != null) {
                    w.uint32(130);
                    SessionError.codec().encode(obj.error, w);
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
                            obj.hello = Hello.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.hello
                            });
                            break;
                        }
                        case 2: {
                            obj.request = TaskRequest.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.request
                            });
                            break;
                        }
                        case 3: {
                            obj.ack = TaskAck.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.ack
                            });
                            break;
                        }
                        case 4: {
                            obj.progress = TaskProgress.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.progress
                            });
                            break;
                        }
                        case 5: {
                            obj.response = TaskResponse.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.response
                            });
                            break;
                        }
                        case 6: {
                            obj.responseAck = ResponseAck.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.responseAck
                            });
                            break;
                        }
                        case 7: {
                            obj.cancel = TaskCancel.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.cancel
                            });
                            break;
                        }
                        case 8: {
                            obj.pause = TaskPause.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.pause
                            });
                            break;
                        }
                        case 9: {
                            obj.resume = TaskResume.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.resume
                            });
                            break;
                        }
                        case 10: {
                            obj.query = TaskQuery.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.query
                            });
                            break;
                        }
                        case 11: {
                            obj.status = TaskStatus.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.status
                            });
                            break;
                        }
                        case 12: {
                            obj.probe = Probe.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.probe
                            });
                            break;
                        }
                        case 13: {
                            obj.loadReport = LoadReport.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.loadReport
                            });
                            break;
                        }
                        case 14: {
                            obj.credit = Credit.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.credit
                            });
                            break;
                        }
                        case 15: {
                            obj.goAway = GoAway.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.goAway
                            });
                            break;
                        }
                        case 16: {
                            obj.error = SessionError.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.error
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                if (obj.error != null) {
                    delete obj.goAway;
                    delete obj.credit;
                    delete obj.loadReport;
                    delete obj.probe;
                    delete obj.status;
                    delete obj.query;
                    delete obj.resume;
                    delete obj.pause;
                    delete obj.cancel;
                    delete obj.responseAck;
                    delete obj.response;
                    delete obj.progress;
                    delete obj.ack;
                    delete obj.request;
                    delete obj.hello;
                }
                if (obj.goAway != null) {
                    delete obj.error;
                    delete obj.credit;
                    delete obj.loadReport;
                    delete obj.probe;
                    delete obj.status;
                    delete obj.query;
                    delete obj.resume;
                    delete obj.pause;
                    delete obj.cancel;
                    delete obj.responseAck;
                    delete obj.response;
                    delete obj.progress;
                    delete obj.ack;
                    delete obj.request;
                    delete obj.hello;
                }
                if (obj.credit != null) {
                    delete obj.error;
                    delete obj.goAway;
                    delete obj.loadReport;
                    delete obj.probe;
                    delete obj.status;
                    delete obj.query;
                    delete obj.resume;
                    delete obj.pause;
                    delete obj.cancel;
                    delete obj.responseAck;
                    delete obj.response;
                    delete obj.progress;
                    delete obj.ack;
                    delete obj.request;
                    delete obj.hello;
                }
                if (obj.loadReport != null) {
                    delete obj.error;
                    delete obj.goAway;
                    delete obj.credit;
                    delete obj.probe;
                    delete obj.status;
                    delete obj.query;
                    delete obj.resume;
                    delete obj.pause;
                    delete obj.cancel;
                    delete obj.responseAck;
                    delete obj.response;
                    delete obj.progress;
                    delete obj.ack;
                    delete obj.request;
                    delete obj.hello;
                }
                if (obj.probe != null) {
                    delete obj.error;
                    delete obj.goAway;
                    delete obj.credit;
                    delete obj.loadReport;
                    delete obj.status;
                    delete obj.query;
                    delete obj.resume;
                    delete obj.pause;
                    delete obj.cancel;
                    delete obj.responseAck;
                    delete obj.response;
                    delete obj.progress;
                    delete obj.ack;
                    delete obj.request;
                    delete obj.hello;
                }
                if (obj.status != null) {
                    delete obj.error;
                    delete obj.goAway;
                    delete obj.credit;
                    delete obj.loadReport;
                    delete obj.probe;
                    delete obj.query;
                    delete obj.resume;
                    delete obj.pause;
                    delete obj.cancel;
                    delete obj.responseAck;
                    delete obj.response;
                    delete obj.progress;
                    delete obj.ack;
                    delete obj.request;
                    delete obj.hello;
                }
                if (obj.query != null) {
                    delete obj.error;
                    delete obj.goAway;
                    delete obj.credit;
                    delete obj.loadReport;
                    delete obj.probe;
                    delete obj.status;
                    delete obj.resume;
                    delete obj.pause;
                    delete obj.cancel;
                    delete obj.responseAck;
                    delete obj.response;
                    delete obj.progress;
                    delete obj.ack;
                    delete obj.request;
                    delete obj.hello;
                }
                if (obj.resume != null) {
                    delete obj.error;
                    delete obj.goAway;
                    delete obj.credit;
                    delete obj.loadReport;
                    delete obj.probe;
                    delete obj.status;
                    delete obj.query;
                    delete obj.pause;
                    delete obj.cancel;
                    delete obj.responseAck;
                    delete obj.response;
                    delete obj.progress;
                    delete obj.ack;
                    delete obj.request;
                    delete obj.hello;
                }
                if (obj.pause != null) {
                    delete obj.error;
                    delete obj.goAway;
                    delete obj.credit;
                    delete obj.loadReport;
                    delete obj.probe;
                    delete obj.status;
                    delete obj.query;
                    delete obj.resume;
                    delete obj.cancel;
                    delete obj.responseAck;
                    delete obj.response;
                    delete obj.progress;
                    delete obj.ack;
                    delete obj.request;
                    delete obj.hello;
                }
                if (obj.cancel != null) {
                    delete obj.error;
                    delete obj.goAway;
                    delete obj.credit;
                    delete obj.loadReport;
                    delete obj.probe;
                    delete obj.status;
                    delete obj.query;
                    delete obj.resume;
                    delete obj.pause;
                    delete obj.responseAck;
                    delete obj.response;
                    delete obj.progress;
                    delete obj.ack;
                    delete obj.request;
                    delete obj.hello;
                }
                if (obj.responseAck != null) {
                    delete obj.error;
                    delete obj.goAway;
                    delete obj.credit;
                    delete obj.loadReport;
                    delete obj.probe;
                    delete obj.status;
                    delete obj.query;
                    delete obj.resume;
                    delete obj.pause;
                    delete obj.cancel;
                    delete obj.response;
                    delete obj.progress;
                    delete obj.ack;
                    delete obj.request;
                    delete obj.hello;
                }
                if (obj.response != null) {
                    delete obj.error;
                    delete obj.goAway;
                    delete obj.credit;
                    delete obj.loadReport;
                    delete obj.probe;
                    delete obj.status;
                    delete obj.query;
                    delete obj.resume;
                    delete obj.pause;
                    delete obj.cancel;
                    delete obj.responseAck;
                    delete obj.progress;
                    delete obj.ack;
                    delete obj.request;
                    delete obj.hello;
                }
                if (obj.progress != null) {
                    delete obj.error;
                    delete obj.goAway;
                    delete obj.credit;
                    delete obj.loadReport;
                    delete obj.probe;
                    delete obj.status;
                    delete obj.query;
                    delete obj.resume;
                    delete obj.pause;
                    delete obj.cancel;
                    delete obj.responseAck;
                    delete obj.response;
                    delete obj.ack;
                    delete obj.request;
                    delete obj.hello;
                }
                if (obj.ack != null) {
                    delete obj.error;
                    delete obj.goAway;
                    delete obj.credit;
                    delete obj.loadReport;
                    delete obj.probe;
                    delete obj.status;
                    delete obj.query;
                    delete obj.resume;
                    delete obj.pause;
                    delete obj.cancel;
                    delete obj.responseAck;
                    delete obj.response;
                    delete obj.progress;
                    delete obj.request;
                    delete obj.hello;
                }
                if (obj.request != null) {
                    delete obj.error;
                    delete obj.goAway;
                    delete obj.credit;
                    delete obj.loadReport;
                    delete obj.probe;
                    delete obj.status;
                    delete obj.query;
                    delete obj.resume;
                    delete obj.pause;
                    delete obj.cancel;
                    delete obj.responseAck;
                    delete obj.response;
                    delete obj.progress;
                    delete obj.ack;
                    delete obj.hello;
                }
                if (obj.hello != null) {
                    delete obj.error;
                    delete obj.goAway;
                    delete obj.credit;
                    delete obj.loadReport;
                    delete obj.probe;
                    delete obj.status;
                    delete obj.query;
                    delete obj.resume;
                    delete obj.pause;
                    delete obj.cancel;
                    delete obj.responseAck;
                    delete obj.response;
                    delete obj.progress;
                    delete obj.ack;
                    delete obj.request;
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield* Hello.codec().stream(reader, reader.uint32(), `${prefix}.hello`, {
                                limits: opts.limits?.hello
                            });
                            break;
                        }
                        case 2: {
                            yield* TaskRequest.codec().stream(reader, reader.uint32(), `${prefix}.request`, {
                                limits: opts.limits?.request
                            });
                            break;
                        }
                        case 3: {
                            yield* TaskAck.codec().stream(reader, reader.uint32(), `${prefix}.ack`, {
                                limits: opts.limits?.ack
                            });
                            break;
                        }
                        case 4: {
                            yield* TaskProgress.codec().stream(reader, reader.uint32(), `${prefix}.progress`, {
                                limits: opts.limits?.progress
                            });
                            break;
                        }
                        case 5: {
                            yield* TaskResponse.codec().stream(reader, reader.uint32(), `${prefix}.response`, {
                                limits: opts.limits?.response
                            });
                            break;
                        }
                        case 6: {
                            yield* ResponseAck.codec().stream(reader, reader.uint32(), `${prefix}.responseAck`, {
                                limits: opts.limits?.responseAck
                            });
                            break;
                        }
                        case 7: {
                            yield* TaskCancel.codec().stream(reader, reader.uint32(), `${prefix}.cancel`, {
                                limits: opts.limits?.cancel
                            });
                            break;
                        }
                        case 8: {
                            yield* TaskPause.codec().stream(reader, reader.uint32(), `${prefix}.pause`, {
                                limits: opts.limits?.pause
                            });
                            break;
                        }
                        case 9: {
                            yield* TaskResume.codec().stream(reader, reader.uint32(), `${prefix}.resume`, {
                                limits: opts.limits?.resume
                            });
                            break;
                        }
                        case 10: {
                            yield* TaskQuery.codec().stream(reader, reader.uint32(), `${prefix}.query`, {
                                limits: opts.limits?.query
                            });
                            break;
                        }
                        case 11: {
                            yield* TaskStatus.codec().stream(reader, reader.uint32(), `${prefix}.status`, {
                                limits: opts.limits?.status
                            });
                            break;
                        }
                        case 12: {
                            yield* Probe.codec().stream(reader, reader.uint32(), `${prefix}.probe`, {
                                limits: opts.limits?.probe
                            });
                            break;
                        }
                        case 13: {
                            yield* LoadReport.codec().stream(reader, reader.uint32(), `${prefix}.loadReport`, {
                                limits: opts.limits?.loadReport
                            });
                            break;
                        }
                        case 14: {
                            yield* Credit.codec().stream(reader, reader.uint32(), `${prefix}.credit`, {
                                limits: opts.limits?.credit
                            });
                            break;
                        }
                        case 15: {
                            yield* GoAway.codec().stream(reader, reader.uint32(), `${prefix}.goAway`, {
                                limits: opts.limits?.goAway
                            });
                            break;
                        }
                        case 16: {
                            yield* SessionError.codec().stream(reader, reader.uint32(), `${prefix}.error`, {
                                limits: opts.limits?.error
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
        return encodeMessage(obj, Frame.codec());
    }
    Frame.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Frame.codec(), opts);
    }
    Frame.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Frame.codec(), opts);
    }
    Frame.stream = stream;
})(Frame || (Frame = {}));
export var AttemptRef;
(function (AttemptRef) {
    let _codec;
    AttemptRef.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.taskId != null && obj.taskId.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.taskId);
                }
                if ((obj.attempt != null && obj.attempt !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.attempt);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    taskId: noBytes,
                    attempt: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.taskId = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.attempt = reader.uint32();
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
                                field: `${prefix}.taskId`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.attempt`,
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
        return encodeMessage(obj, AttemptRef.codec());
    }
    AttemptRef.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, AttemptRef.codec(), opts);
    }
    AttemptRef.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, AttemptRef.codec(), opts);
    }
    AttemptRef.stream = stream;
})(AttemptRef || (AttemptRef = {}));
export var Hello;
(function (Hello) {
    let _codec;
    Hello.codec = () => {
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
                if (obj.capabilities != null && obj.capabilities.length > 0) {
                    for (const value of obj.capabilities) {
                        w.uint32(26);
                        w.string(value);
                    }
                }
                if (obj.resume != null && obj.resume.length > 0) {
                    for (const value of obj.resume) {
                        w.uint32(34);
                        AttemptRef.codec().encode(value, w);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    version: 0,
                    network: '',
                    capabilities: [],
                    resume: []
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
                            if (opts.limits?.capabilities != null && obj.capabilities.length === opts.limits.capabilities) {
                                throw new MaxLengthError('Decode error - repeated field "capabilities" had too many elements');
                            }
                            obj.capabilities.push(reader.string());
                            break;
                        }
                        case 4: {
                            if (opts.limits?.resume != null && obj.resume.length === opts.limits.resume) {
                                throw new MaxLengthError('Decode error - repeated field "resume" had too many elements');
                            }
                            obj.resume.push(AttemptRef.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.resume$
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
                    capabilities: 0,
                    resume: 0
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
                            if (opts.limits?.capabilities != null && obj.capabilities === opts.limits.capabilities) {
                                throw new MaxLengthError('Streaming decode error - repeated field "capabilities" had too many elements');
                            }
                            yield {
                                field: `${prefix}.capabilities[]`,
                                index: obj.capabilities,
                                value: reader.string()
                            };
                            obj.capabilities++;
                            break;
                        }
                        case 4: {
                            if (opts.limits?.resume != null && obj.resume === opts.limits.resume) {
                                throw new MaxLengthError('Streaming decode error - repeated field "resume" had too many elements');
                            }
                            for (const evt of AttemptRef.codec().stream(reader, reader.uint32(), `${prefix}.resume[]`, {
                                limits: opts.limits?.resume$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.resume
                                };
                            }
                            obj.resume++;
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
        return encodeMessage(obj, Hello.codec());
    }
    Hello.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Hello.codec(), opts);
    }
    Hello.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Hello.codec(), opts);
    }
    Hello.stream = stream;
})(Hello || (Hello = {}));
export var BlobRef;
(function (BlobRef) {
    let _codec;
    BlobRef.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.hash != null && obj.hash.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.hash);
                }
                if ((obj.sizeBytes != null && obj.sizeBytes !== 0)) {
                    w.uint32(16);
                    w.uint64Number(obj.sizeBytes);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    hash: noBytes,
                    sizeBytes: 0
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
                            obj.sizeBytes = reader.uint64Number();
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
                                field: `${prefix}.sizeBytes`,
                                value: reader.uint64Number()
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
        return encodeMessage(obj, BlobRef.codec());
    }
    BlobRef.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, BlobRef.codec(), opts);
    }
    BlobRef.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, BlobRef.codec(), opts);
    }
    BlobRef.stream = stream;
})(BlobRef || (BlobRef = {}));
export var Requirements;
(function (Requirements) {
    let _codec;
    Requirements.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.minCpuCores != null && obj.minCpuCores !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.minCpuCores);
                }
                if ((obj.minMemoryGb != null && obj.minMemoryGb !== 0)) {
                    w.uint32(17);
                    w.double(obj.minMemoryGb);
                }
                if ((obj.minStorageGb != null && obj.minStorageGb !== 0)) {
                    w.uint32(25);
                    w.double(obj.minStorageGb);
                }
                if ((obj.gpu != null && obj.gpu !== false)) {
                    w.uint32(32);
                    w.bool(obj.gpu);
                }
                if ((obj.internet != null && obj.internet !== false)) {
                    w.uint32(40);
                    w.bool(obj.internet);
                }
                if ((obj.platform != null && obj.platform !== '')) {
                    w.uint32(50);
                    w.string(obj.platform);
                }
                if ((obj.role != null && obj.role !== '')) {
                    w.uint32(58);
                    w.string(obj.role);
                }
                if (obj.tags != null && obj.tags.length > 0) {
                    for (const value of obj.tags) {
                        w.uint32(66);
                        w.string(value);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    minCpuCores: 0,
                    minMemoryGb: 0,
                    minStorageGb: 0,
                    gpu: false,
                    internet: false,
                    platform: '',
                    role: '',
                    tags: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.minCpuCores = reader.uint32();
                            break;
                        }
                        case 2: {
                            obj.minMemoryGb = reader.double();
                            break;
                        }
                        case 3: {
                            obj.minStorageGb = reader.double();
                            break;
                        }
                        case 4: {
                            obj.gpu = reader.bool();
                            break;
                        }
                        case 5: {
                            obj.internet = reader.bool();
                            break;
                        }
                        case 6: {
                            obj.platform = reader.string();
                            break;
                        }
                        case 7: {
                            obj.role = reader.string();
                            break;
                        }
                        case 8: {
                            if (opts.limits?.tags != null && obj.tags.length === opts.limits.tags) {
                                throw new MaxLengthError('Decode error - repeated field "tags" had too many elements');
                            }
                            obj.tags.push(reader.string());
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
                    tags: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.minCpuCores`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.minMemoryGb`,
                                value: reader.double()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.minStorageGb`,
                                value: reader.double()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.gpu`,
                                value: reader.bool()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.internet`,
                                value: reader.bool()
                            };
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.platform`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 7: {
                            yield {
                                field: `${prefix}.role`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 8: {
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
        return encodeMessage(obj, Requirements.codec());
    }
    Requirements.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Requirements.codec(), opts);
    }
    Requirements.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Requirements.codec(), opts);
    }
    Requirements.stream = stream;
})(Requirements || (Requirements = {}));
export var RunLimits;
(function (RunLimits) {
    let _codec;
    RunLimits.codec = () => {
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
                if ((obj.outputBytes != null && obj.outputBytes !== 0)) {
                    w.uint32(24);
                    w.uint64Number(obj.outputBytes);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    cpuCores: 0,
                    memoryBytes: 0,
                    outputBytes: 0
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
                            obj.outputBytes = reader.uint64Number();
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
                                field: `${prefix}.outputBytes`,
                                value: reader.uint64Number()
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
        return encodeMessage(obj, RunLimits.codec());
    }
    RunLimits.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, RunLimits.codec(), opts);
    }
    RunLimits.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, RunLimits.codec(), opts);
    }
    RunLimits.stream = stream;
})(RunLimits || (RunLimits = {}));
export var Label;
(function (Label) {
    let _codec;
    Label.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.key != null && obj.key !== '')) {
                    w.uint32(10);
                    w.string(obj.key);
                }
                if ((obj.value != null && obj.value !== '')) {
                    w.uint32(18);
                    w.string(obj.value);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    key: '',
                    value: ''
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.key = reader.string();
                            break;
                        }
                        case 2: {
                            obj.value = reader.string();
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
                                field: `${prefix}.key`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.value`,
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
        return encodeMessage(obj, Label.codec());
    }
    Label.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Label.codec(), opts);
    }
    Label.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Label.codec(), opts);
    }
    Label.stream = stream;
})(Label || (Label = {}));
export var TaskRequest;
(function (TaskRequest) {
    let _codec;
    TaskRequest.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.taskId != null && obj.taskId.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.taskId);
                }
                if ((obj.attempt != null && obj.attempt !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.attempt);
                }
                if ((obj.leaseEpoch != null && obj.leaseEpoch !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.leaseEpoch);
                }
                if ((obj.skill != null && obj.skill !== '')) {
                    w.uint32(34);
                    w.string(obj.skill);
                }
                if ((obj.skillVersion != null && obj.skillVersion !== '')) {
                    w.uint32(42);
                    w.string(obj.skillVersion);
                }
                if ((obj.priority != null && obj.priority !== 0)) {
                    w.uint32(48);
                    w.uint32(obj.priority);
                }
                if ((obj.deadlineMs != null && obj.deadlineMs !== 0)) {
                    w.uint32(56);
                    w.uint32(obj.deadlineMs);
                }
                if ((obj.leaseMs != null && obj.leaseMs !== 0)) {
                    w.uint32(64);
                    w.uint32(obj.leaseMs);
                }
                if ((obj.input != null && obj.input.byteLength > 0)) {
                    w.uint32(74);
                    w.bytes(obj.input);
                }
                if (obj.inputBlob != null) {
                    w.uint32(82);
                    BlobRef.codec().encode(obj.inputBlob, w);
                }
                if ((obj.inputType != null && obj.inputType !== '')) {
                    w.uint32(90);
                    w.string(obj.inputType);
                }
                if (obj.requirements != null) {
                    w.uint32(98);
                    Requirements.codec().encode(obj.requirements, w);
                }
                if (obj.limits != null) {
                    w.uint32(106);
                    RunLimits.codec().encode(obj.limits, w);
                }
                if ((obj.deterministic != null && obj.deterministic !== false)) {
                    w.uint32(112);
                    w.bool(obj.deterministic);
                }
                if ((obj.idempotent != null && obj.idempotent !== false)) {
                    w.uint32(120);
                    w.bool(obj.idempotent);
                }
                if ((obj.holdId != null && obj.holdId !== '')) {
                    w.uint32(130);
                    w.string(obj.holdId);
                }
                if ((obj.parentId != null && obj.parentId.byteLength > 0)) {
                    w.uint32(138);
                    w.bytes(obj.parentId);
                }
                if ((obj.traceparent != null && obj.traceparent !== '')) {
                    w.uint32(146);
                    w.string(obj.traceparent);
                }
                if (obj.labels != null && obj.labels.length > 0) {
                    for (const value of obj.labels) {
                        w.uint32(154);
                        Label.codec().encode(value, w);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    taskId: noBytes,
                    attempt: 0,
                    leaseEpoch: 0,
                    skill: '',
                    skillVersion: '',
                    priority: 0,
                    deadlineMs: 0,
                    leaseMs: 0,
                    input: noBytes,
                    inputType: '',
                    deterministic: false,
                    idempotent: false,
                    holdId: '',
                    parentId: noBytes,
                    traceparent: '',
                    labels: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.taskId = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.attempt = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.leaseEpoch = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.skill = reader.string();
                            break;
                        }
                        case 5: {
                            obj.skillVersion = reader.string();
                            break;
                        }
                        case 6: {
                            obj.priority = reader.uint32();
                            break;
                        }
                        case 7: {
                            obj.deadlineMs = reader.uint32();
                            break;
                        }
                        case 8: {
                            obj.leaseMs = reader.uint32();
                            break;
                        }
                        case 9: {
                            obj.input = reader.bytes();
                            break;
                        }
                        case 10: {
                            obj.inputBlob = BlobRef.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.inputBlob
                            });
                            break;
                        }
                        case 11: {
                            obj.inputType = reader.string();
                            break;
                        }
                        case 12: {
                            obj.requirements = Requirements.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.requirements
                            });
                            break;
                        }
                        case 13: {
                            obj.limits = RunLimits.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.limits
                            });
                            break;
                        }
                        case 14: {
                            obj.deterministic = reader.bool();
                            break;
                        }
                        case 15: {
                            obj.idempotent = reader.bool();
                            break;
                        }
                        case 16: {
                            obj.holdId = reader.string();
                            break;
                        }
                        case 17: {
                            obj.parentId = reader.bytes();
                            break;
                        }
                        case 18: {
                            obj.traceparent = reader.string();
                            break;
                        }
                        case 19: {
                            if (opts.limits?.labels != null && obj.labels.length === opts.limits.labels) {
                                throw new MaxLengthError('Decode error - repeated field "labels" had too many elements');
                            }
                            obj.labels.push(Label.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.labels$
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
                    labels: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.taskId`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.attempt`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.leaseEpoch`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.skill`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.skillVersion`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.priority`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 7: {
                            yield {
                                field: `${prefix}.deadlineMs`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 8: {
                            yield {
                                field: `${prefix}.leaseMs`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 9: {
                            yield {
                                field: `${prefix}.input`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 10: {
                            yield* BlobRef.codec().stream(reader, reader.uint32(), `${prefix}.inputBlob`, {
                                limits: opts.limits?.inputBlob
                            });
                            break;
                        }
                        case 11: {
                            yield {
                                field: `${prefix}.inputType`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 12: {
                            yield* Requirements.codec().stream(reader, reader.uint32(), `${prefix}.requirements`, {
                                limits: opts.limits?.requirements
                            });
                            break;
                        }
                        case 13: {
                            yield* RunLimits.codec().stream(reader, reader.uint32(), `${prefix}.limits`, {
                                limits: opts.limits?.limits
                            });
                            break;
                        }
                        case 14: {
                            yield {
                                field: `${prefix}.deterministic`,
                                value: reader.bool()
                            };
                            break;
                        }
                        case 15: {
                            yield {
                                field: `${prefix}.idempotent`,
                                value: reader.bool()
                            };
                            break;
                        }
                        case 16: {
                            yield {
                                field: `${prefix}.holdId`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 17: {
                            yield {
                                field: `${prefix}.parentId`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 18: {
                            yield {
                                field: `${prefix}.traceparent`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 19: {
                            if (opts.limits?.labels != null && obj.labels === opts.limits.labels) {
                                throw new MaxLengthError('Streaming decode error - repeated field "labels" had too many elements');
                            }
                            for (const evt of Label.codec().stream(reader, reader.uint32(), `${prefix}.labels[]`, {
                                limits: opts.limits?.labels$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.labels
                                };
                            }
                            obj.labels++;
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
        return encodeMessage(obj, TaskRequest.codec());
    }
    TaskRequest.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, TaskRequest.codec(), opts);
    }
    TaskRequest.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, TaskRequest.codec(), opts);
    }
    TaskRequest.stream = stream;
})(TaskRequest || (TaskRequest = {}));
export var Verdict;
(function (Verdict) {
    Verdict["VERDICT_UNSPECIFIED"] = "VERDICT_UNSPECIFIED";
    Verdict["ACCEPTED"] = "ACCEPTED";
    Verdict["QUEUED"] = "QUEUED";
    Verdict["DUPLICATE"] = "DUPLICATE";
    Verdict["REFUSED"] = "REFUSED";
})(Verdict || (Verdict = {}));
var __VerdictValues;
(function (__VerdictValues) {
    __VerdictValues[__VerdictValues["VERDICT_UNSPECIFIED"] = 0] = "VERDICT_UNSPECIFIED";
    __VerdictValues[__VerdictValues["ACCEPTED"] = 1] = "ACCEPTED";
    __VerdictValues[__VerdictValues["QUEUED"] = 2] = "QUEUED";
    __VerdictValues[__VerdictValues["DUPLICATE"] = 3] = "DUPLICATE";
    __VerdictValues[__VerdictValues["REFUSED"] = 4] = "REFUSED";
})(__VerdictValues || (__VerdictValues = {}));
(function (Verdict) {
    Verdict.codec = () => {
        return enumeration(__VerdictValues);
    };
})(Verdict || (Verdict = {}));
export var Load;
(function (Load) {
    let _codec;
    Load.codec = () => {
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
        return encodeMessage(obj, Load.codec());
    }
    Load.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Load.codec(), opts);
    }
    Load.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Load.codec(), opts);
    }
    Load.stream = stream;
})(Load || (Load = {}));
export var TaskAck;
(function (TaskAck) {
    let _codec;
    TaskAck.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.taskId != null && obj.taskId.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.taskId);
                }
                if ((obj.attempt != null && obj.attempt !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.attempt);
                }
                if (obj.verdict != null && __VerdictValues[obj.verdict] !== 0) {
                    w.uint32(24);
                    Verdict.codec().encode(obj.verdict, w);
                }
                if ((obj.position != null && obj.position !== 0)) {
                    w.uint32(32);
                    w.uint32(obj.position);
                }
                if ((obj.code != null && obj.code !== '')) {
                    w.uint32(42);
                    w.string(obj.code);
                }
                if ((obj.message != null && obj.message !== '')) {
                    w.uint32(50);
                    w.string(obj.message);
                }
                if ((obj.retryAfterMs != null && obj.retryAfterMs !== 0)) {
                    w.uint32(56);
                    w.uint32(obj.retryAfterMs);
                }
                if (obj.load != null) {
                    w.uint32(66);
                    Load.codec().encode(obj.load, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    taskId: noBytes,
                    attempt: 0,
                    verdict: Verdict.VERDICT_UNSPECIFIED,
                    position: 0,
                    code: '',
                    message: '',
                    retryAfterMs: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.taskId = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.attempt = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.verdict = Verdict.codec().decode(reader);
                            break;
                        }
                        case 4: {
                            obj.position = reader.uint32();
                            break;
                        }
                        case 5: {
                            obj.code = reader.string();
                            break;
                        }
                        case 6: {
                            obj.message = reader.string();
                            break;
                        }
                        case 7: {
                            obj.retryAfterMs = reader.uint32();
                            break;
                        }
                        case 8: {
                            obj.load = Load.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.load
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
                                field: `${prefix}.taskId`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.attempt`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.verdict`,
                                value: Verdict.codec().decode(reader)
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.position`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.code`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.message`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 7: {
                            yield {
                                field: `${prefix}.retryAfterMs`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 8: {
                            yield* Load.codec().stream(reader, reader.uint32(), `${prefix}.load`, {
                                limits: opts.limits?.load
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
        return encodeMessage(obj, TaskAck.codec());
    }
    TaskAck.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, TaskAck.codec(), opts);
    }
    TaskAck.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, TaskAck.codec(), opts);
    }
    TaskAck.stream = stream;
})(TaskAck || (TaskAck = {}));
export var TaskProgress;
(function (TaskProgress) {
    let _codec;
    TaskProgress.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.taskId != null && obj.taskId.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.taskId);
                }
                if ((obj.attempt != null && obj.attempt !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.attempt);
                }
                if ((obj.seq != null && obj.seq !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.seq);
                }
                if ((obj.fraction != null && obj.fraction !== 0)) {
                    w.uint32(33);
                    w.double(obj.fraction);
                }
                if ((obj.message != null && obj.message !== '')) {
                    w.uint32(42);
                    w.string(obj.message);
                }
                if ((obj.chunk != null && obj.chunk.byteLength > 0)) {
                    w.uint32(50);
                    w.bytes(obj.chunk);
                }
                if (obj.load != null) {
                    w.uint32(58);
                    Load.codec().encode(obj.load, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    taskId: noBytes,
                    attempt: 0,
                    seq: 0,
                    fraction: 0,
                    message: '',
                    chunk: noBytes
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.taskId = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.attempt = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.seq = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.fraction = reader.double();
                            break;
                        }
                        case 5: {
                            obj.message = reader.string();
                            break;
                        }
                        case 6: {
                            obj.chunk = reader.bytes();
                            break;
                        }
                        case 7: {
                            obj.load = Load.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.load
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
                                field: `${prefix}.taskId`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.attempt`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.seq`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.fraction`,
                                value: reader.double()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.message`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.chunk`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 7: {
                            yield* Load.codec().stream(reader, reader.uint32(), `${prefix}.load`, {
                                limits: opts.limits?.load
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
        return encodeMessage(obj, TaskProgress.codec());
    }
    TaskProgress.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, TaskProgress.codec(), opts);
    }
    TaskProgress.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, TaskProgress.codec(), opts);
    }
    TaskProgress.stream = stream;
})(TaskProgress || (TaskProgress = {}));
export var ResponseStatus;
(function (ResponseStatus) {
    ResponseStatus["STATUS_UNSPECIFIED"] = "STATUS_UNSPECIFIED";
    ResponseStatus["COMPLETED"] = "COMPLETED";
    ResponseStatus["FAILED"] = "FAILED";
    ResponseStatus["CANCELLED"] = "CANCELLED";
    ResponseStatus["TIMEOUT"] = "TIMEOUT";
})(ResponseStatus || (ResponseStatus = {}));
var __ResponseStatusValues;
(function (__ResponseStatusValues) {
    __ResponseStatusValues[__ResponseStatusValues["STATUS_UNSPECIFIED"] = 0] = "STATUS_UNSPECIFIED";
    __ResponseStatusValues[__ResponseStatusValues["COMPLETED"] = 1] = "COMPLETED";
    __ResponseStatusValues[__ResponseStatusValues["FAILED"] = 2] = "FAILED";
    __ResponseStatusValues[__ResponseStatusValues["CANCELLED"] = 3] = "CANCELLED";
    __ResponseStatusValues[__ResponseStatusValues["TIMEOUT"] = 4] = "TIMEOUT";
})(__ResponseStatusValues || (__ResponseStatusValues = {}));
(function (ResponseStatus) {
    ResponseStatus.codec = () => {
        return enumeration(__ResponseStatusValues);
    };
})(ResponseStatus || (ResponseStatus = {}));
export var TaskError;
(function (TaskError) {
    let _codec;
    TaskError.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.code != null && obj.code !== '')) {
                    w.uint32(10);
                    w.string(obj.code);
                }
                if ((obj.message != null && obj.message !== '')) {
                    w.uint32(18);
                    w.string(obj.message);
                }
                if ((obj.retryable != null && obj.retryable !== false)) {
                    w.uint32(24);
                    w.bool(obj.retryable);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    code: '',
                    message: '',
                    retryable: false
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.code = reader.string();
                            break;
                        }
                        case 2: {
                            obj.message = reader.string();
                            break;
                        }
                        case 3: {
                            obj.retryable = reader.bool();
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
                                field: `${prefix}.code`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.message`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.retryable`,
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
        return encodeMessage(obj, TaskError.codec());
    }
    TaskError.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, TaskError.codec(), opts);
    }
    TaskError.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, TaskError.codec(), opts);
    }
    TaskError.stream = stream;
})(TaskError || (TaskError = {}));
export var Usage;
(function (Usage) {
    let _codec;
    Usage.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.wallMs != null && obj.wallMs !== 0)) {
                    w.uint32(9);
                    w.double(obj.wallMs);
                }
                if ((obj.cpuMs != null && obj.cpuMs !== 0)) {
                    w.uint32(17);
                    w.double(obj.cpuMs);
                }
                if ((obj.peakMemoryBytes != null && obj.peakMemoryBytes !== 0)) {
                    w.uint32(24);
                    w.uint64Number(obj.peakMemoryBytes);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    wallMs: 0,
                    cpuMs: 0,
                    peakMemoryBytes: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.wallMs = reader.double();
                            break;
                        }
                        case 2: {
                            obj.cpuMs = reader.double();
                            break;
                        }
                        case 3: {
                            obj.peakMemoryBytes = reader.uint64Number();
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
                                field: `${prefix}.wallMs`,
                                value: reader.double()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.cpuMs`,
                                value: reader.double()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.peakMemoryBytes`,
                                value: reader.uint64Number()
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
        return encodeMessage(obj, Usage.codec());
    }
    Usage.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Usage.codec(), opts);
    }
    Usage.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Usage.codec(), opts);
    }
    Usage.stream = stream;
})(Usage || (Usage = {}));
export var Attest;
(function (Attest) {
    let _codec;
    Attest.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.signature != null && obj.signature.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.signature);
                }
                if ((obj.leafIndex != null && obj.leafIndex !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.leafIndex);
                }
                if ((obj.treeSize != null && obj.treeSize !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.treeSize);
                }
                if (obj.proof != null && obj.proof.length > 0) {
                    for (const value of obj.proof) {
                        w.uint32(34);
                        w.bytes(value);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
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
                            obj.signature = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.leafIndex = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.treeSize = reader.uint32();
                            break;
                        }
                        case 4: {
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
                                field: `${prefix}.signature`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.leafIndex`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.treeSize`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
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
        return encodeMessage(obj, Attest.codec());
    }
    Attest.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Attest.codec(), opts);
    }
    Attest.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Attest.codec(), opts);
    }
    Attest.stream = stream;
})(Attest || (Attest = {}));
export var TaskResponse;
(function (TaskResponse) {
    let _codec;
    TaskResponse.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.taskId != null && obj.taskId.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.taskId);
                }
                if ((obj.attempt != null && obj.attempt !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.attempt);
                }
                if ((obj.leaseEpoch != null && obj.leaseEpoch !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.leaseEpoch);
                }
                if (obj.status != null && __ResponseStatusValues[obj.status] !== 0) {
                    w.uint32(32);
                    ResponseStatus.codec().encode(obj.status, w);
                }
                if ((obj.output != null && obj.output.byteLength > 0)) {
                    w.uint32(42);
                    w.bytes(obj.output);
                }
                if (obj.outputBlob != null) {
                    w.uint32(50);
                    BlobRef.codec().encode(obj.outputBlob, w);
                }
                if ((obj.outputType != null && obj.outputType !== '')) {
                    w.uint32(58);
                    w.string(obj.outputType);
                }
                if ((obj.outputHash != null && obj.outputHash.byteLength > 0)) {
                    w.uint32(66);
                    w.bytes(obj.outputHash);
                }
                if (obj.error != null) {
                    w.uint32(74);
                    TaskError.codec().encode(obj.error, w);
                }
                if (obj.usage != null) {
                    w.uint32(82);
                    Usage.codec().encode(obj.usage, w);
                }
                if ((obj.executedSkillVersion != null && obj.executedSkillVersion !== '')) {
                    w.uint32(90);
                    w.string(obj.executedSkillVersion);
                }
                if (obj.load != null) {
                    w.uint32(98);
                    Load.codec().encode(obj.load, w);
                }
                if (obj.attest != null) {
                    w.uint32(106);
                    Attest.codec().encode(obj.attest, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    taskId: noBytes,
                    attempt: 0,
                    leaseEpoch: 0,
                    status: ResponseStatus.STATUS_UNSPECIFIED,
                    output: noBytes,
                    outputType: '',
                    outputHash: noBytes,
                    executedSkillVersion: ''
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.taskId = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.attempt = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.leaseEpoch = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.status = ResponseStatus.codec().decode(reader);
                            break;
                        }
                        case 5: {
                            obj.output = reader.bytes();
                            break;
                        }
                        case 6: {
                            obj.outputBlob = BlobRef.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.outputBlob
                            });
                            break;
                        }
                        case 7: {
                            obj.outputType = reader.string();
                            break;
                        }
                        case 8: {
                            obj.outputHash = reader.bytes();
                            break;
                        }
                        case 9: {
                            obj.error = TaskError.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.error
                            });
                            break;
                        }
                        case 10: {
                            obj.usage = Usage.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.usage
                            });
                            break;
                        }
                        case 11: {
                            obj.executedSkillVersion = reader.string();
                            break;
                        }
                        case 12: {
                            obj.load = Load.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.load
                            });
                            break;
                        }
                        case 13: {
                            obj.attest = Attest.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.attest
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
                                field: `${prefix}.taskId`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.attempt`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.leaseEpoch`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.status`,
                                value: ResponseStatus.codec().decode(reader)
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.output`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 6: {
                            yield* BlobRef.codec().stream(reader, reader.uint32(), `${prefix}.outputBlob`, {
                                limits: opts.limits?.outputBlob
                            });
                            break;
                        }
                        case 7: {
                            yield {
                                field: `${prefix}.outputType`,
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
                            yield* TaskError.codec().stream(reader, reader.uint32(), `${prefix}.error`, {
                                limits: opts.limits?.error
                            });
                            break;
                        }
                        case 10: {
                            yield* Usage.codec().stream(reader, reader.uint32(), `${prefix}.usage`, {
                                limits: opts.limits?.usage
                            });
                            break;
                        }
                        case 11: {
                            yield {
                                field: `${prefix}.executedSkillVersion`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 12: {
                            yield* Load.codec().stream(reader, reader.uint32(), `${prefix}.load`, {
                                limits: opts.limits?.load
                            });
                            break;
                        }
                        case 13: {
                            yield* Attest.codec().stream(reader, reader.uint32(), `${prefix}.attest`, {
                                limits: opts.limits?.attest
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
        return encodeMessage(obj, TaskResponse.codec());
    }
    TaskResponse.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, TaskResponse.codec(), opts);
    }
    TaskResponse.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, TaskResponse.codec(), opts);
    }
    TaskResponse.stream = stream;
})(TaskResponse || (TaskResponse = {}));
export var ResponseAck;
(function (ResponseAck) {
    let _codec;
    ResponseAck.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if (obj.attempts != null && obj.attempts.length > 0) {
                    for (const value of obj.attempts) {
                        w.uint32(10);
                        AttemptRef.codec().encode(value, w);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    attempts: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.attempts != null && obj.attempts.length === opts.limits.attempts) {
                                throw new MaxLengthError('Decode error - repeated field "attempts" had too many elements');
                            }
                            obj.attempts.push(AttemptRef.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.attempts$
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
                    attempts: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.attempts != null && obj.attempts === opts.limits.attempts) {
                                throw new MaxLengthError('Streaming decode error - repeated field "attempts" had too many elements');
                            }
                            for (const evt of AttemptRef.codec().stream(reader, reader.uint32(), `${prefix}.attempts[]`, {
                                limits: opts.limits?.attempts$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.attempts
                                };
                            }
                            obj.attempts++;
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
        return encodeMessage(obj, ResponseAck.codec());
    }
    ResponseAck.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, ResponseAck.codec(), opts);
    }
    ResponseAck.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, ResponseAck.codec(), opts);
    }
    ResponseAck.stream = stream;
})(ResponseAck || (ResponseAck = {}));
export var TaskCancel;
(function (TaskCancel) {
    let _codec;
    TaskCancel.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.taskId != null && obj.taskId.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.taskId);
                }
                if ((obj.attempt != null && obj.attempt !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.attempt);
                }
                if ((obj.reason != null && obj.reason !== '')) {
                    w.uint32(26);
                    w.string(obj.reason);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    taskId: noBytes,
                    attempt: 0,
                    reason: ''
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.taskId = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.attempt = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.reason = reader.string();
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
                                field: `${prefix}.taskId`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.attempt`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.reason`,
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
        return encodeMessage(obj, TaskCancel.codec());
    }
    TaskCancel.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, TaskCancel.codec(), opts);
    }
    TaskCancel.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, TaskCancel.codec(), opts);
    }
    TaskCancel.stream = stream;
})(TaskCancel || (TaskCancel = {}));
export var TaskPause;
(function (TaskPause) {
    let _codec;
    TaskPause.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.taskId != null && obj.taskId.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.taskId);
                }
                if ((obj.attempt != null && obj.attempt !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.attempt);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    taskId: noBytes,
                    attempt: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.taskId = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.attempt = reader.uint32();
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
                                field: `${prefix}.taskId`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.attempt`,
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
        return encodeMessage(obj, TaskPause.codec());
    }
    TaskPause.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, TaskPause.codec(), opts);
    }
    TaskPause.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, TaskPause.codec(), opts);
    }
    TaskPause.stream = stream;
})(TaskPause || (TaskPause = {}));
export var TaskResume;
(function (TaskResume) {
    let _codec;
    TaskResume.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.taskId != null && obj.taskId.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.taskId);
                }
                if ((obj.attempt != null && obj.attempt !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.attempt);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    taskId: noBytes,
                    attempt: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.taskId = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.attempt = reader.uint32();
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
                                field: `${prefix}.taskId`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.attempt`,
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
        return encodeMessage(obj, TaskResume.codec());
    }
    TaskResume.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, TaskResume.codec(), opts);
    }
    TaskResume.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, TaskResume.codec(), opts);
    }
    TaskResume.stream = stream;
})(TaskResume || (TaskResume = {}));
export var TaskQuery;
(function (TaskQuery) {
    let _codec;
    TaskQuery.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.taskId != null && obj.taskId.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.taskId);
                }
                if ((obj.attempt != null && obj.attempt !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.attempt);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    taskId: noBytes,
                    attempt: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.taskId = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.attempt = reader.uint32();
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
                                field: `${prefix}.taskId`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.attempt`,
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
        return encodeMessage(obj, TaskQuery.codec());
    }
    TaskQuery.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, TaskQuery.codec(), opts);
    }
    TaskQuery.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, TaskQuery.codec(), opts);
    }
    TaskQuery.stream = stream;
})(TaskQuery || (TaskQuery = {}));
export var AttemptState;
(function (AttemptState) {
    AttemptState["UNKNOWN"] = "UNKNOWN";
    AttemptState["WAITING"] = "WAITING";
    AttemptState["RUNNING"] = "RUNNING";
    AttemptState["ANSWERED"] = "ANSWERED";
})(AttemptState || (AttemptState = {}));
var __AttemptStateValues;
(function (__AttemptStateValues) {
    __AttemptStateValues[__AttemptStateValues["UNKNOWN"] = 0] = "UNKNOWN";
    __AttemptStateValues[__AttemptStateValues["WAITING"] = 1] = "WAITING";
    __AttemptStateValues[__AttemptStateValues["RUNNING"] = 2] = "RUNNING";
    __AttemptStateValues[__AttemptStateValues["ANSWERED"] = 3] = "ANSWERED";
})(__AttemptStateValues || (__AttemptStateValues = {}));
(function (AttemptState) {
    AttemptState.codec = () => {
        return enumeration(__AttemptStateValues);
    };
})(AttemptState || (AttemptState = {}));
export var TaskStatus;
(function (TaskStatus) {
    let _codec;
    TaskStatus.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.taskId != null && obj.taskId.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.taskId);
                }
                if ((obj.attempt != null && obj.attempt !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.attempt);
                }
                if (obj.state != null && __AttemptStateValues[obj.state] !== 0) {
                    w.uint32(24);
                    AttemptState.codec().encode(obj.state, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    taskId: noBytes,
                    attempt: 0,
                    state: AttemptState.UNKNOWN
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.taskId = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.attempt = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.state = AttemptState.codec().decode(reader);
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
                                field: `${prefix}.taskId`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.attempt`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.state`,
                                value: AttemptState.codec().decode(reader)
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
        return encodeMessage(obj, TaskStatus.codec());
    }
    TaskStatus.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, TaskStatus.codec(), opts);
    }
    TaskStatus.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, TaskStatus.codec(), opts);
    }
    TaskStatus.stream = stream;
})(TaskStatus || (TaskStatus = {}));
export var Probe;
(function (Probe) {
    let _codec;
    Probe.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.nonce != null && obj.nonce !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.nonce);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    nonce: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.nonce = reader.uint32();
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
                                field: `${prefix}.nonce`,
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
        return encodeMessage(obj, Probe.codec());
    }
    Probe.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Probe.codec(), opts);
    }
    Probe.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Probe.codec(), opts);
    }
    Probe.stream = stream;
})(Probe || (Probe = {}));
export var LoadReport;
(function (LoadReport) {
    let _codec;
    LoadReport.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.nonce != null && obj.nonce !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.nonce);
                }
                if (obj.load != null) {
                    w.uint32(18);
                    Load.codec().encode(obj.load, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    nonce: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.nonce = reader.uint32();
                            break;
                        }
                        case 2: {
                            obj.load = Load.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.load
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
                                field: `${prefix}.nonce`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 2: {
                            yield* Load.codec().stream(reader, reader.uint32(), `${prefix}.load`, {
                                limits: opts.limits?.load
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
        return encodeMessage(obj, LoadReport.codec());
    }
    LoadReport.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, LoadReport.codec(), opts);
    }
    LoadReport.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, LoadReport.codec(), opts);
    }
    LoadReport.stream = stream;
})(LoadReport || (LoadReport = {}));
export var Credit;
(function (Credit) {
    let _codec;
    Credit.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.tasks != null && obj.tasks !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.tasks);
                }
                if ((obj.bytes != null && obj.bytes !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.bytes);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    tasks: 0,
                    bytes: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.tasks = reader.uint32();
                            break;
                        }
                        case 2: {
                            obj.bytes = reader.uint32();
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
                                field: `${prefix}.tasks`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.bytes`,
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
        return encodeMessage(obj, Credit.codec());
    }
    Credit.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Credit.codec(), opts);
    }
    Credit.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Credit.codec(), opts);
    }
    Credit.stream = stream;
})(Credit || (Credit = {}));
export var GoAway;
(function (GoAway) {
    let _codec;
    GoAway.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.reason != null && obj.reason !== '')) {
                    w.uint32(10);
                    w.string(obj.reason);
                }
                if ((obj.graceMs != null && obj.graceMs !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.graceMs);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    reason: '',
                    graceMs: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.reason = reader.string();
                            break;
                        }
                        case 2: {
                            obj.graceMs = reader.uint32();
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
                                field: `${prefix}.reason`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.graceMs`,
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
        return encodeMessage(obj, GoAway.codec());
    }
    GoAway.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, GoAway.codec(), opts);
    }
    GoAway.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, GoAway.codec(), opts);
    }
    GoAway.stream = stream;
})(GoAway || (GoAway = {}));
export var SessionError;
(function (SessionError) {
    let _codec;
    SessionError.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.code != null && obj.code !== '')) {
                    w.uint32(10);
                    w.string(obj.code);
                }
                if ((obj.message != null && obj.message !== '')) {
                    w.uint32(18);
                    w.string(obj.message);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    code: '',
                    message: ''
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.code = reader.string();
                            break;
                        }
                        case 2: {
                            obj.message = reader.string();
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
                                field: `${prefix}.code`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.message`,
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
        return encodeMessage(obj, SessionError.codec());
    }
    SessionError.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, SessionError.codec(), opts);
    }
    SessionError.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, SessionError.codec(), opts);
    }
    SessionError.stream = stream;
})(SessionError || (SessionError = {}));
