import type { Codec, DecodeOptions } from 'protons-runtime';
import type { Uint8ArrayList } from 'uint8arraylist';
export interface BlobRequest {
    hash: Uint8Array<ArrayBuffer>;
    offset: number;
    length: number;
    credit: number;
}
export declare namespace BlobRequest {
    const codec: () => Codec<BlobRequest>;
    interface BlobRequestHashFieldEvent {
        field: '$.hash';
        value: Uint8Array<ArrayBuffer>;
    }
    interface BlobRequestOffsetFieldEvent {
        field: '$.offset';
        value: number;
    }
    interface BlobRequestLengthFieldEvent {
        field: '$.length';
        value: number;
    }
    interface BlobRequestCreditFieldEvent {
        field: '$.credit';
        value: number;
    }
    function encode(obj: Partial<BlobRequest>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<BlobRequest>): BlobRequest;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<BlobRequest>): Generator<BlobRequestHashFieldEvent | BlobRequestOffsetFieldEvent | BlobRequestLengthFieldEvent | BlobRequestCreditFieldEvent>;
}
export interface BlobResponse {
    sizeBytes: number;
    length: number;
    error: string;
}
export declare namespace BlobResponse {
    const codec: () => Codec<BlobResponse>;
    interface BlobResponseSizeBytesFieldEvent {
        field: '$.sizeBytes';
        value: number;
    }
    interface BlobResponseLengthFieldEvent {
        field: '$.length';
        value: number;
    }
    interface BlobResponseErrorFieldEvent {
        field: '$.error';
        value: string;
    }
    function encode(obj: Partial<BlobResponse>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<BlobResponse>): BlobResponse;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<BlobResponse>): Generator<BlobResponseSizeBytesFieldEvent | BlobResponseLengthFieldEvent | BlobResponseErrorFieldEvent>;
}
export interface BlobCredit {
    chunks: number;
}
export declare namespace BlobCredit {
    const codec: () => Codec<BlobCredit>;
    interface BlobCreditChunksFieldEvent {
        field: '$.chunks';
        value: number;
    }
    function encode(obj: Partial<BlobCredit>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<BlobCredit>): BlobCredit;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<BlobCredit>): Generator<BlobCreditChunksFieldEvent>;
}
