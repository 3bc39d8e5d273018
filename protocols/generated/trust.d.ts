import type { Codec, DecodeOptions } from 'protons-runtime';
import type { Uint8ArrayList } from 'uint8arraylist';
export interface SignedAttestation {
    attestation: Uint8Array<ArrayBuffer>;
    signature: Uint8Array<ArrayBuffer>;
}
export declare namespace SignedAttestation {
    const codec: () => Codec<SignedAttestation>;
    interface SignedAttestationAttestationFieldEvent {
        field: '$.attestation';
        value: Uint8Array<ArrayBuffer>;
    }
    interface SignedAttestationSignatureFieldEvent {
        field: '$.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<SignedAttestation>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedAttestation>): SignedAttestation;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedAttestation>): Generator<SignedAttestationAttestationFieldEvent | SignedAttestationSignatureFieldEvent>;
}
export interface Attestation {
    version: number;
    network: string;
    issuer: string;
    seq: number;
    issuedAt: number;
    expiresAt: number;
    claims: Claim[];
}
export declare namespace Attestation {
    const codec: () => Codec<Attestation>;
    interface AttestationVersionFieldEvent {
        field: '$.version';
        value: number;
    }
    interface AttestationNetworkFieldEvent {
        field: '$.network';
        value: string;
    }
    interface AttestationIssuerFieldEvent {
        field: '$.issuer';
        value: string;
    }
    interface AttestationSeqFieldEvent {
        field: '$.seq';
        value: number;
    }
    interface AttestationIssuedAtFieldEvent {
        field: '$.issuedAt';
        value: number;
    }
    interface AttestationExpiresAtFieldEvent {
        field: '$.expiresAt';
        value: number;
    }
    interface AttestationClaimsSubjectFieldEvent {
        field: '$.claims[].subject';
        value: string;
        index: number;
    }
    interface AttestationClaimsSkillFieldEvent {
        field: '$.claims[].skill';
        value: string;
        index: number;
    }
    interface AttestationClaimsPosFieldEvent {
        field: '$.claims[].pos';
        value: number;
        index: number;
    }
    interface AttestationClaimsNegFieldEvent {
        field: '$.claims[].neg';
        value: number;
        index: number;
    }
    interface AttestationClaimsGroundedFieldEvent {
        field: '$.claims[].grounded';
        value: boolean;
        index: number;
    }
    interface AttestationClaimsLastEpochFieldEvent {
        field: '$.claims[].lastEpoch';
        value: number;
        index: number;
    }
    function encode(obj: Partial<Attestation>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Attestation>): Attestation;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Attestation>): Generator<AttestationVersionFieldEvent | AttestationNetworkFieldEvent | AttestationIssuerFieldEvent | AttestationSeqFieldEvent | AttestationIssuedAtFieldEvent | AttestationExpiresAtFieldEvent | AttestationClaimsSubjectFieldEvent | AttestationClaimsSkillFieldEvent | AttestationClaimsPosFieldEvent | AttestationClaimsNegFieldEvent | AttestationClaimsGroundedFieldEvent | AttestationClaimsLastEpochFieldEvent>;
}
export interface Claim {
    subject: string;
    skill: string;
    pos: number;
    neg: number;
    grounded: boolean;
    lastEpoch: number;
}
export declare namespace Claim {
    const codec: () => Codec<Claim>;
    interface ClaimSubjectFieldEvent {
        field: '$.subject';
        value: string;
    }
    interface ClaimSkillFieldEvent {
        field: '$.skill';
        value: string;
    }
    interface ClaimPosFieldEvent {
        field: '$.pos';
        value: number;
    }
    interface ClaimNegFieldEvent {
        field: '$.neg';
        value: number;
    }
    interface ClaimGroundedFieldEvent {
        field: '$.grounded';
        value: boolean;
    }
    interface ClaimLastEpochFieldEvent {
        field: '$.lastEpoch';
        value: number;
    }
    function encode(obj: Partial<Claim>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Claim>): Claim;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Claim>): Generator<ClaimSubjectFieldEvent | ClaimSkillFieldEvent | ClaimPosFieldEvent | ClaimNegFieldEvent | ClaimGroundedFieldEvent | ClaimLastEpochFieldEvent>;
}
export interface Equivocation {
    first?: SignedAttestation;
    second?: SignedAttestation;
}
export declare namespace Equivocation {
    const codec: () => Codec<Equivocation>;
    interface EquivocationFirstAttestationFieldEvent {
        field: '$.first.attestation';
        value: Uint8Array<ArrayBuffer>;
    }
    interface EquivocationFirstSignatureFieldEvent {
        field: '$.first.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    interface EquivocationSecondAttestationFieldEvent {
        field: '$.second.attestation';
        value: Uint8Array<ArrayBuffer>;
    }
    interface EquivocationSecondSignatureFieldEvent {
        field: '$.second.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<Equivocation>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Equivocation>): Equivocation;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Equivocation>): Generator<EquivocationFirstAttestationFieldEvent | EquivocationFirstSignatureFieldEvent | EquivocationSecondAttestationFieldEvent | EquivocationSecondSignatureFieldEvent>;
}
export interface Alarm {
    equivocation?: Equivocation;
    fault?: SignedFault;
}
export declare namespace Alarm {
    const codec: () => Codec<Alarm>;
    interface AlarmEquivocationFirstAttestationFieldEvent {
        field: '$.equivocation.first.attestation';
        value: Uint8Array<ArrayBuffer>;
    }
    interface AlarmEquivocationFirstSignatureFieldEvent {
        field: '$.equivocation.first.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    interface AlarmEquivocationSecondAttestationFieldEvent {
        field: '$.equivocation.second.attestation';
        value: Uint8Array<ArrayBuffer>;
    }
    interface AlarmEquivocationSecondSignatureFieldEvent {
        field: '$.equivocation.second.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    interface AlarmFaultFaultFieldEvent {
        field: '$.fault.fault';
        value: Uint8Array<ArrayBuffer>;
    }
    interface AlarmFaultSignatureFieldEvent {
        field: '$.fault.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<Alarm>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Alarm>): Alarm;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Alarm>): Generator<AlarmEquivocationFirstAttestationFieldEvent | AlarmEquivocationFirstSignatureFieldEvent | AlarmEquivocationSecondAttestationFieldEvent | AlarmEquivocationSecondSignatureFieldEvent | AlarmFaultFaultFieldEvent | AlarmFaultSignatureFieldEvent>;
}
export interface SignedFault {
    fault: Uint8Array<ArrayBuffer>;
    signature: Uint8Array<ArrayBuffer>;
}
export declare namespace SignedFault {
    const codec: () => Codec<SignedFault>;
    interface SignedFaultFaultFieldEvent {
        field: '$.fault';
        value: Uint8Array<ArrayBuffer>;
    }
    interface SignedFaultSignatureFieldEvent {
        field: '$.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<SignedFault>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedFault>): SignedFault;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedFault>): Generator<SignedFaultFaultFieldEvent | SignedFaultSignatureFieldEvent>;
}
export interface Fault {
    version: number;
    network: string;
    reporter: string;
    issuedAt: number;
    wrong?: SignedResult;
    groundedHash: Uint8Array<ArrayBuffer>;
    other?: SignedResult;
}
export declare namespace Fault {
    const codec: () => Codec<Fault>;
    interface FaultVersionFieldEvent {
        field: '$.version';
        value: number;
    }
    interface FaultNetworkFieldEvent {
        field: '$.network';
        value: string;
    }
    interface FaultReporterFieldEvent {
        field: '$.reporter';
        value: string;
    }
    interface FaultIssuedAtFieldEvent {
        field: '$.issuedAt';
        value: number;
    }
    interface FaultWrongSubmitterFieldEvent {
        field: '$.wrong.submitter';
        value: string;
    }
    interface FaultWrongWorkerFieldEvent {
        field: '$.wrong.worker';
        value: string;
    }
    interface FaultWrongTaskIdFieldEvent {
        field: '$.wrong.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FaultWrongAttemptFieldEvent {
        field: '$.wrong.attempt';
        value: number;
    }
    interface FaultWrongInputHashFieldEvent {
        field: '$.wrong.inputHash';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FaultWrongSkillFieldEvent {
        field: '$.wrong.skill';
        value: string;
    }
    interface FaultWrongSkillVersionFieldEvent {
        field: '$.wrong.skillVersion';
        value: string;
    }
    interface FaultWrongOutputHashFieldEvent {
        field: '$.wrong.outputHash';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FaultWrongSignatureFieldEvent {
        field: '$.wrong.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FaultWrongLeafIndexFieldEvent {
        field: '$.wrong.leafIndex';
        value: number;
    }
    interface FaultWrongTreeSizeFieldEvent {
        field: '$.wrong.treeSize';
        value: number;
    }
    interface FaultWrongProofFieldEvent {
        field: '$.wrong.proof[]';
        index: number;
        value: Uint8Array<ArrayBuffer>;
    }
    interface FaultGroundedHashFieldEvent {
        field: '$.groundedHash';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FaultOtherSubmitterFieldEvent {
        field: '$.other.submitter';
        value: string;
    }
    interface FaultOtherWorkerFieldEvent {
        field: '$.other.worker';
        value: string;
    }
    interface FaultOtherTaskIdFieldEvent {
        field: '$.other.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FaultOtherAttemptFieldEvent {
        field: '$.other.attempt';
        value: number;
    }
    interface FaultOtherInputHashFieldEvent {
        field: '$.other.inputHash';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FaultOtherSkillFieldEvent {
        field: '$.other.skill';
        value: string;
    }
    interface FaultOtherSkillVersionFieldEvent {
        field: '$.other.skillVersion';
        value: string;
    }
    interface FaultOtherOutputHashFieldEvent {
        field: '$.other.outputHash';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FaultOtherSignatureFieldEvent {
        field: '$.other.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FaultOtherLeafIndexFieldEvent {
        field: '$.other.leafIndex';
        value: number;
    }
    interface FaultOtherTreeSizeFieldEvent {
        field: '$.other.treeSize';
        value: number;
    }
    interface FaultOtherProofFieldEvent {
        field: '$.other.proof[]';
        index: number;
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<Fault>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Fault>): Fault;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Fault>): Generator<FaultVersionFieldEvent | FaultNetworkFieldEvent | FaultReporterFieldEvent | FaultIssuedAtFieldEvent | FaultWrongSubmitterFieldEvent | FaultWrongWorkerFieldEvent | FaultWrongTaskIdFieldEvent | FaultWrongAttemptFieldEvent | FaultWrongInputHashFieldEvent | FaultWrongSkillFieldEvent | FaultWrongSkillVersionFieldEvent | FaultWrongOutputHashFieldEvent | FaultWrongSignatureFieldEvent | FaultWrongLeafIndexFieldEvent | FaultWrongTreeSizeFieldEvent | FaultWrongProofFieldEvent | FaultGroundedHashFieldEvent | FaultOtherSubmitterFieldEvent | FaultOtherWorkerFieldEvent | FaultOtherTaskIdFieldEvent | FaultOtherAttemptFieldEvent | FaultOtherInputHashFieldEvent | FaultOtherSkillFieldEvent | FaultOtherSkillVersionFieldEvent | FaultOtherOutputHashFieldEvent | FaultOtherSignatureFieldEvent | FaultOtherLeafIndexFieldEvent | FaultOtherTreeSizeFieldEvent | FaultOtherProofFieldEvent>;
}
export interface SignedResult {
    submitter: string;
    worker: string;
    taskId: Uint8Array<ArrayBuffer>;
    attempt: number;
    inputHash: Uint8Array<ArrayBuffer>;
    skill: string;
    skillVersion: string;
    outputHash: Uint8Array<ArrayBuffer>;
    signature: Uint8Array<ArrayBuffer>;
    leafIndex: number;
    treeSize: number;
    proof: Uint8Array<ArrayBuffer>[];
}
export declare namespace SignedResult {
    const codec: () => Codec<SignedResult>;
    interface SignedResultSubmitterFieldEvent {
        field: '$.submitter';
        value: string;
    }
    interface SignedResultWorkerFieldEvent {
        field: '$.worker';
        value: string;
    }
    interface SignedResultTaskIdFieldEvent {
        field: '$.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface SignedResultAttemptFieldEvent {
        field: '$.attempt';
        value: number;
    }
    interface SignedResultInputHashFieldEvent {
        field: '$.inputHash';
        value: Uint8Array<ArrayBuffer>;
    }
    interface SignedResultSkillFieldEvent {
        field: '$.skill';
        value: string;
    }
    interface SignedResultSkillVersionFieldEvent {
        field: '$.skillVersion';
        value: string;
    }
    interface SignedResultOutputHashFieldEvent {
        field: '$.outputHash';
        value: Uint8Array<ArrayBuffer>;
    }
    interface SignedResultSignatureFieldEvent {
        field: '$.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    interface SignedResultLeafIndexFieldEvent {
        field: '$.leafIndex';
        value: number;
    }
    interface SignedResultTreeSizeFieldEvent {
        field: '$.treeSize';
        value: number;
    }
    interface SignedResultProofFieldEvent {
        field: '$.proof[]';
        index: number;
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<SignedResult>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedResult>): SignedResult;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedResult>): Generator<SignedResultSubmitterFieldEvent | SignedResultWorkerFieldEvent | SignedResultTaskIdFieldEvent | SignedResultAttemptFieldEvent | SignedResultInputHashFieldEvent | SignedResultSkillFieldEvent | SignedResultSkillVersionFieldEvent | SignedResultOutputHashFieldEvent | SignedResultSignatureFieldEvent | SignedResultLeafIndexFieldEvent | SignedResultTreeSizeFieldEvent | SignedResultProofFieldEvent>;
}
export interface TrustRequest {
    version: number;
    network: string;
    digests: Uint8Array<ArrayBuffer>;
}
export declare namespace TrustRequest {
    const codec: () => Codec<TrustRequest>;
    interface TrustRequestVersionFieldEvent {
        field: '$.version';
        value: number;
    }
    interface TrustRequestNetworkFieldEvent {
        field: '$.network';
        value: string;
    }
    interface TrustRequestDigestsFieldEvent {
        field: '$.digests';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<TrustRequest>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TrustRequest>): TrustRequest;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TrustRequest>): Generator<TrustRequestVersionFieldEvent | TrustRequestNetworkFieldEvent | TrustRequestDigestsFieldEvent>;
}
export interface TrustBatch {
    attestations: SignedAttestation[];
    equivocations: Equivocation[];
    wanted: Uint8Array<ArrayBuffer>;
    last: boolean;
}
export declare namespace TrustBatch {
    const codec: () => Codec<TrustBatch>;
    interface TrustBatchAttestationsAttestationFieldEvent {
        field: '$.attestations[].attestation';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface TrustBatchAttestationsSignatureFieldEvent {
        field: '$.attestations[].signature';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface TrustBatchEquivocationsFirstAttestationFieldEvent {
        field: '$.equivocations[].first.attestation';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface TrustBatchEquivocationsFirstSignatureFieldEvent {
        field: '$.equivocations[].first.signature';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface TrustBatchEquivocationsSecondAttestationFieldEvent {
        field: '$.equivocations[].second.attestation';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface TrustBatchEquivocationsSecondSignatureFieldEvent {
        field: '$.equivocations[].second.signature';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface TrustBatchWantedFieldEvent {
        field: '$.wanted';
        value: Uint8Array<ArrayBuffer>;
    }
    interface TrustBatchLastFieldEvent {
        field: '$.last';
        value: boolean;
    }
    function encode(obj: Partial<TrustBatch>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TrustBatch>): TrustBatch;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TrustBatch>): Generator<TrustBatchAttestationsAttestationFieldEvent | TrustBatchAttestationsSignatureFieldEvent | TrustBatchEquivocationsFirstAttestationFieldEvent | TrustBatchEquivocationsFirstSignatureFieldEvent | TrustBatchEquivocationsSecondAttestationFieldEvent | TrustBatchEquivocationsSecondSignatureFieldEvent | TrustBatchWantedFieldEvent | TrustBatchLastFieldEvent>;
}
