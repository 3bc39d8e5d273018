import type { Codec, DecodeOptions } from 'protons-runtime';
import type { Uint8ArrayList } from 'uint8arraylist';
export interface Frame {
    hello?: Hello;
    request?: TaskRequest;
    ack?: TaskAck;
    progress?: TaskProgress;
    response?: TaskResponse;
    responseAck?: ResponseAck;
    cancel?: TaskCancel;
    pause?: TaskPause;
    resume?: TaskResume;
    query?: TaskQuery;
    status?: TaskStatus;
    probe?: Probe;
    loadReport?: LoadReport;
    credit?: Credit;
    goAway?: GoAway;
    error?: SessionError;
}
export declare namespace Frame {
    const codec: () => Codec<Frame>;
    interface FrameHelloVersionFieldEvent {
        field: '$.hello.version';
        value: number;
    }
    interface FrameHelloNetworkFieldEvent {
        field: '$.hello.network';
        value: string;
    }
    interface FrameHelloCapabilitiesFieldEvent {
        field: '$.hello.capabilities[]';
        index: number;
        value: string;
    }
    interface FrameHelloResumeTaskIdFieldEvent {
        field: '$.hello.resume[].taskId';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface FrameHelloResumeAttemptFieldEvent {
        field: '$.hello.resume[].attempt';
        value: number;
        index: number;
    }
    interface FrameRequestTaskIdFieldEvent {
        field: '$.request.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FrameRequestAttemptFieldEvent {
        field: '$.request.attempt';
        value: number;
    }
    interface FrameRequestLeaseEpochFieldEvent {
        field: '$.request.leaseEpoch';
        value: number;
    }
    interface FrameRequestSkillFieldEvent {
        field: '$.request.skill';
        value: string;
    }
    interface FrameRequestSkillVersionFieldEvent {
        field: '$.request.skillVersion';
        value: string;
    }
    interface FrameRequestPriorityFieldEvent {
        field: '$.request.priority';
        value: number;
    }
    interface FrameRequestDeadlineMsFieldEvent {
        field: '$.request.deadlineMs';
        value: number;
    }
    interface FrameRequestLeaseMsFieldEvent {
        field: '$.request.leaseMs';
        value: number;
    }
    interface FrameRequestInputFieldEvent {
        field: '$.request.input';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FrameRequestInputBlobHashFieldEvent {
        field: '$.request.inputBlob.hash';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FrameRequestInputBlobSizeBytesFieldEvent {
        field: '$.request.inputBlob.sizeBytes';
        value: number;
    }
    interface FrameRequestInputTypeFieldEvent {
        field: '$.request.inputType';
        value: string;
    }
    interface FrameRequestRequirementsMinCpuCoresFieldEvent {
        field: '$.request.requirements.minCpuCores';
        value: number;
    }
    interface FrameRequestRequirementsMinMemoryGbFieldEvent {
        field: '$.request.requirements.minMemoryGb';
        value: number;
    }
    interface FrameRequestRequirementsMinStorageGbFieldEvent {
        field: '$.request.requirements.minStorageGb';
        value: number;
    }
    interface FrameRequestRequirementsGpuFieldEvent {
        field: '$.request.requirements.gpu';
        value: boolean;
    }
    interface FrameRequestRequirementsInternetFieldEvent {
        field: '$.request.requirements.internet';
        value: boolean;
    }
    interface FrameRequestRequirementsPlatformFieldEvent {
        field: '$.request.requirements.platform';
        value: string;
    }
    interface FrameRequestRequirementsRoleFieldEvent {
        field: '$.request.requirements.role';
        value: string;
    }
    interface FrameRequestRequirementsTagsFieldEvent {
        field: '$.request.requirements.tags[]';
        index: number;
        value: string;
    }
    interface FrameRequestLimitsCpuCoresFieldEvent {
        field: '$.request.limits.cpuCores';
        value: number;
    }
    interface FrameRequestLimitsMemoryBytesFieldEvent {
        field: '$.request.limits.memoryBytes';
        value: number;
    }
    interface FrameRequestLimitsOutputBytesFieldEvent {
        field: '$.request.limits.outputBytes';
        value: number;
    }
    interface FrameRequestDeterministicFieldEvent {
        field: '$.request.deterministic';
        value: boolean;
    }
    interface FrameRequestIdempotentFieldEvent {
        field: '$.request.idempotent';
        value: boolean;
    }
    interface FrameRequestHoldIdFieldEvent {
        field: '$.request.holdId';
        value: string;
    }
    interface FrameRequestParentIdFieldEvent {
        field: '$.request.parentId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FrameRequestTraceparentFieldEvent {
        field: '$.request.traceparent';
        value: string;
    }
    interface FrameRequestLabelsKeyFieldEvent {
        field: '$.request.labels[].key';
        value: string;
        index: number;
    }
    interface FrameRequestLabelsValueFieldEvent {
        field: '$.request.labels[].value';
        value: string;
        index: number;
    }
    interface FrameAckTaskIdFieldEvent {
        field: '$.ack.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FrameAckAttemptFieldEvent {
        field: '$.ack.attempt';
        value: number;
    }
    interface FrameAckVerdictFieldEvent {
        field: '$.ack.verdict';
        value: Verdict;
    }
    interface FrameAckPositionFieldEvent {
        field: '$.ack.position';
        value: number;
    }
    interface FrameAckCodeFieldEvent {
        field: '$.ack.code';
        value: string;
    }
    interface FrameAckMessageFieldEvent {
        field: '$.ack.message';
        value: string;
    }
    interface FrameAckRetryAfterMsFieldEvent {
        field: '$.ack.retryAfterMs';
        value: number;
    }
    interface FrameAckLoadRunningFieldEvent {
        field: '$.ack.load.running';
        value: number;
    }
    interface FrameAckLoadSlotsFieldEvent {
        field: '$.ack.load.slots';
        value: number;
    }
    interface FrameAckLoadQueuedFieldEvent {
        field: '$.ack.load.queued';
        value: number;
    }
    interface FrameAckLoadServiceMsFieldEvent {
        field: '$.ack.load.serviceMs';
        value: number;
    }
    interface FrameProgressTaskIdFieldEvent {
        field: '$.progress.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FrameProgressAttemptFieldEvent {
        field: '$.progress.attempt';
        value: number;
    }
    interface FrameProgressSeqFieldEvent {
        field: '$.progress.seq';
        value: number;
    }
    interface FrameProgressFractionFieldEvent {
        field: '$.progress.fraction';
        value: number;
    }
    interface FrameProgressMessageFieldEvent {
        field: '$.progress.message';
        value: string;
    }
    interface FrameProgressChunkFieldEvent {
        field: '$.progress.chunk';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FrameProgressLoadRunningFieldEvent {
        field: '$.progress.load.running';
        value: number;
    }
    interface FrameProgressLoadSlotsFieldEvent {
        field: '$.progress.load.slots';
        value: number;
    }
    interface FrameProgressLoadQueuedFieldEvent {
        field: '$.progress.load.queued';
        value: number;
    }
    interface FrameProgressLoadServiceMsFieldEvent {
        field: '$.progress.load.serviceMs';
        value: number;
    }
    interface FrameResponseTaskIdFieldEvent {
        field: '$.response.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FrameResponseAttemptFieldEvent {
        field: '$.response.attempt';
        value: number;
    }
    interface FrameResponseLeaseEpochFieldEvent {
        field: '$.response.leaseEpoch';
        value: number;
    }
    interface FrameResponseStatusFieldEvent {
        field: '$.response.status';
        value: ResponseStatus;
    }
    interface FrameResponseOutputFieldEvent {
        field: '$.response.output';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FrameResponseOutputBlobHashFieldEvent {
        field: '$.response.outputBlob.hash';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FrameResponseOutputBlobSizeBytesFieldEvent {
        field: '$.response.outputBlob.sizeBytes';
        value: number;
    }
    interface FrameResponseOutputTypeFieldEvent {
        field: '$.response.outputType';
        value: string;
    }
    interface FrameResponseOutputHashFieldEvent {
        field: '$.response.outputHash';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FrameResponseErrorCodeFieldEvent {
        field: '$.response.error.code';
        value: string;
    }
    interface FrameResponseErrorMessageFieldEvent {
        field: '$.response.error.message';
        value: string;
    }
    interface FrameResponseErrorRetryableFieldEvent {
        field: '$.response.error.retryable';
        value: boolean;
    }
    interface FrameResponseUsageWallMsFieldEvent {
        field: '$.response.usage.wallMs';
        value: number;
    }
    interface FrameResponseUsageCpuMsFieldEvent {
        field: '$.response.usage.cpuMs';
        value: number;
    }
    interface FrameResponseUsagePeakMemoryBytesFieldEvent {
        field: '$.response.usage.peakMemoryBytes';
        value: number;
    }
    interface FrameResponseExecutedSkillVersionFieldEvent {
        field: '$.response.executedSkillVersion';
        value: string;
    }
    interface FrameResponseLoadRunningFieldEvent {
        field: '$.response.load.running';
        value: number;
    }
    interface FrameResponseLoadSlotsFieldEvent {
        field: '$.response.load.slots';
        value: number;
    }
    interface FrameResponseLoadQueuedFieldEvent {
        field: '$.response.load.queued';
        value: number;
    }
    interface FrameResponseLoadServiceMsFieldEvent {
        field: '$.response.load.serviceMs';
        value: number;
    }
    interface FrameResponseAttestSignatureFieldEvent {
        field: '$.response.attest.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FrameResponseAttestLeafIndexFieldEvent {
        field: '$.response.attest.leafIndex';
        value: number;
    }
    interface FrameResponseAttestTreeSizeFieldEvent {
        field: '$.response.attest.treeSize';
        value: number;
    }
    interface FrameResponseAttestProofFieldEvent {
        field: '$.response.attest.proof[]';
        index: number;
        value: Uint8Array<ArrayBuffer>;
    }
    interface FrameResponseAckAttemptsTaskIdFieldEvent {
        field: '$.responseAck.attempts[].taskId';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface FrameResponseAckAttemptsAttemptFieldEvent {
        field: '$.responseAck.attempts[].attempt';
        value: number;
        index: number;
    }
    interface FrameCancelTaskIdFieldEvent {
        field: '$.cancel.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FrameCancelAttemptFieldEvent {
        field: '$.cancel.attempt';
        value: number;
    }
    interface FrameCancelReasonFieldEvent {
        field: '$.cancel.reason';
        value: string;
    }
    interface FramePauseTaskIdFieldEvent {
        field: '$.pause.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FramePauseAttemptFieldEvent {
        field: '$.pause.attempt';
        value: number;
    }
    interface FrameResumeTaskIdFieldEvent {
        field: '$.resume.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FrameResumeAttemptFieldEvent {
        field: '$.resume.attempt';
        value: number;
    }
    interface FrameQueryTaskIdFieldEvent {
        field: '$.query.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FrameQueryAttemptFieldEvent {
        field: '$.query.attempt';
        value: number;
    }
    interface FrameStatusTaskIdFieldEvent {
        field: '$.status.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FrameStatusAttemptFieldEvent {
        field: '$.status.attempt';
        value: number;
    }
    interface FrameStatusStateFieldEvent {
        field: '$.status.state';
        value: AttemptState;
    }
    interface FrameProbeNonceFieldEvent {
        field: '$.probe.nonce';
        value: number;
    }
    interface FrameLoadReportNonceFieldEvent {
        field: '$.loadReport.nonce';
        value: number;
    }
    interface FrameLoadReportLoadRunningFieldEvent {
        field: '$.loadReport.load.running';
        value: number;
    }
    interface FrameLoadReportLoadSlotsFieldEvent {
        field: '$.loadReport.load.slots';
        value: number;
    }
    interface FrameLoadReportLoadQueuedFieldEvent {
        field: '$.loadReport.load.queued';
        value: number;
    }
    interface FrameLoadReportLoadServiceMsFieldEvent {
        field: '$.loadReport.load.serviceMs';
        value: number;
    }
    interface FrameCreditTasksFieldEvent {
        field: '$.credit.tasks';
        value: number;
    }
    interface FrameCreditBytesFieldEvent {
        field: '$.credit.bytes';
        value: number;
    }
    interface FrameGoAwayReasonFieldEvent {
        field: '$.goAway.reason';
        value: string;
    }
    interface FrameGoAwayGraceMsFieldEvent {
        field: '$.goAway.graceMs';
        value: number;
    }
    interface FrameErrorCodeFieldEvent {
        field: '$.error.code';
        value: string;
    }
    interface FrameErrorMessageFieldEvent {
        field: '$.error.message';
        value: string;
    }
    function encode(obj: Partial<Frame>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Frame>): Frame;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Frame>): Generator<FrameHelloVersionFieldEvent | FrameHelloNetworkFieldEvent | FrameHelloCapabilitiesFieldEvent | FrameHelloResumeTaskIdFieldEvent | FrameHelloResumeAttemptFieldEvent | FrameRequestTaskIdFieldEvent | FrameRequestAttemptFieldEvent | FrameRequestLeaseEpochFieldEvent | FrameRequestSkillFieldEvent | FrameRequestSkillVersionFieldEvent | FrameRequestPriorityFieldEvent | FrameRequestDeadlineMsFieldEvent | FrameRequestLeaseMsFieldEvent | FrameRequestInputFieldEvent | FrameRequestInputBlobHashFieldEvent | FrameRequestInputBlobSizeBytesFieldEvent | FrameRequestInputTypeFieldEvent | FrameRequestRequirementsMinCpuCoresFieldEvent | FrameRequestRequirementsMinMemoryGbFieldEvent | FrameRequestRequirementsMinStorageGbFieldEvent | FrameRequestRequirementsGpuFieldEvent | FrameRequestRequirementsInternetFieldEvent | FrameRequestRequirementsPlatformFieldEvent | FrameRequestRequirementsRoleFieldEvent | FrameRequestRequirementsTagsFieldEvent | FrameRequestLimitsCpuCoresFieldEvent | FrameRequestLimitsMemoryBytesFieldEvent | FrameRequestLimitsOutputBytesFieldEvent | FrameRequestDeterministicFieldEvent | FrameRequestIdempotentFieldEvent | FrameRequestHoldIdFieldEvent | FrameRequestParentIdFieldEvent | FrameRequestTraceparentFieldEvent | FrameRequestLabelsKeyFieldEvent | FrameRequestLabelsValueFieldEvent | FrameAckTaskIdFieldEvent | FrameAckAttemptFieldEvent | FrameAckVerdictFieldEvent | FrameAckPositionFieldEvent | FrameAckCodeFieldEvent | FrameAckMessageFieldEvent | FrameAckRetryAfterMsFieldEvent | FrameAckLoadRunningFieldEvent | FrameAckLoadSlotsFieldEvent | FrameAckLoadQueuedFieldEvent | FrameAckLoadServiceMsFieldEvent | FrameProgressTaskIdFieldEvent | FrameProgressAttemptFieldEvent | FrameProgressSeqFieldEvent | FrameProgressFractionFieldEvent | FrameProgressMessageFieldEvent | FrameProgressChunkFieldEvent | FrameProgressLoadRunningFieldEvent | FrameProgressLoadSlotsFieldEvent | FrameProgressLoadQueuedFieldEvent | FrameProgressLoadServiceMsFieldEvent | FrameResponseTaskIdFieldEvent | FrameResponseAttemptFieldEvent | FrameResponseLeaseEpochFieldEvent | FrameResponseStatusFieldEvent | FrameResponseOutputFieldEvent | FrameResponseOutputBlobHashFieldEvent | FrameResponseOutputBlobSizeBytesFieldEvent | FrameResponseOutputTypeFieldEvent | FrameResponseOutputHashFieldEvent | FrameResponseErrorCodeFieldEvent | FrameResponseErrorMessageFieldEvent | FrameResponseErrorRetryableFieldEvent | FrameResponseUsageWallMsFieldEvent | FrameResponseUsageCpuMsFieldEvent | FrameResponseUsagePeakMemoryBytesFieldEvent | FrameResponseExecutedSkillVersionFieldEvent | FrameResponseLoadRunningFieldEvent | FrameResponseLoadSlotsFieldEvent | FrameResponseLoadQueuedFieldEvent | FrameResponseLoadServiceMsFieldEvent | FrameResponseAttestSignatureFieldEvent | FrameResponseAttestLeafIndexFieldEvent | FrameResponseAttestTreeSizeFieldEvent | FrameResponseAttestProofFieldEvent | FrameResponseAckAttemptsTaskIdFieldEvent | FrameResponseAckAttemptsAttemptFieldEvent | FrameCancelTaskIdFieldEvent | FrameCancelAttemptFieldEvent | FrameCancelReasonFieldEvent | FramePauseTaskIdFieldEvent | FramePauseAttemptFieldEvent | FrameResumeTaskIdFieldEvent | FrameResumeAttemptFieldEvent | FrameQueryTaskIdFieldEvent | FrameQueryAttemptFieldEvent | FrameStatusTaskIdFieldEvent | FrameStatusAttemptFieldEvent | FrameStatusStateFieldEvent | FrameProbeNonceFieldEvent | FrameLoadReportNonceFieldEvent | FrameLoadReportLoadRunningFieldEvent | FrameLoadReportLoadSlotsFieldEvent | FrameLoadReportLoadQueuedFieldEvent | FrameLoadReportLoadServiceMsFieldEvent | FrameCreditTasksFieldEvent | FrameCreditBytesFieldEvent | FrameGoAwayReasonFieldEvent | FrameGoAwayGraceMsFieldEvent | FrameErrorCodeFieldEvent | FrameErrorMessageFieldEvent>;
}
export interface AttemptRef {
    taskId: Uint8Array<ArrayBuffer>;
    attempt: number;
}
export declare namespace AttemptRef {
    const codec: () => Codec<AttemptRef>;
    interface AttemptRefTaskIdFieldEvent {
        field: '$.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface AttemptRefAttemptFieldEvent {
        field: '$.attempt';
        value: number;
    }
    function encode(obj: Partial<AttemptRef>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AttemptRef>): AttemptRef;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AttemptRef>): Generator<AttemptRefTaskIdFieldEvent | AttemptRefAttemptFieldEvent>;
}
export interface Hello {
    version: number;
    network: string;
    capabilities: string[];
    resume: AttemptRef[];
}
export declare namespace Hello {
    const codec: () => Codec<Hello>;
    interface HelloVersionFieldEvent {
        field: '$.version';
        value: number;
    }
    interface HelloNetworkFieldEvent {
        field: '$.network';
        value: string;
    }
    interface HelloCapabilitiesFieldEvent {
        field: '$.capabilities[]';
        index: number;
        value: string;
    }
    interface HelloResumeTaskIdFieldEvent {
        field: '$.resume[].taskId';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface HelloResumeAttemptFieldEvent {
        field: '$.resume[].attempt';
        value: number;
        index: number;
    }
    function encode(obj: Partial<Hello>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Hello>): Hello;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Hello>): Generator<HelloVersionFieldEvent | HelloNetworkFieldEvent | HelloCapabilitiesFieldEvent | HelloResumeTaskIdFieldEvent | HelloResumeAttemptFieldEvent>;
}
export interface BlobRef {
    hash: Uint8Array<ArrayBuffer>;
    sizeBytes: number;
}
export declare namespace BlobRef {
    const codec: () => Codec<BlobRef>;
    interface BlobRefHashFieldEvent {
        field: '$.hash';
        value: Uint8Array<ArrayBuffer>;
    }
    interface BlobRefSizeBytesFieldEvent {
        field: '$.sizeBytes';
        value: number;
    }
    function encode(obj: Partial<BlobRef>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<BlobRef>): BlobRef;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<BlobRef>): Generator<BlobRefHashFieldEvent | BlobRefSizeBytesFieldEvent>;
}
export interface Requirements {
    minCpuCores: number;
    minMemoryGb: number;
    minStorageGb: number;
    gpu: boolean;
    internet: boolean;
    platform: string;
    role: string;
    tags: string[];
}
export declare namespace Requirements {
    const codec: () => Codec<Requirements>;
    interface RequirementsMinCpuCoresFieldEvent {
        field: '$.minCpuCores';
        value: number;
    }
    interface RequirementsMinMemoryGbFieldEvent {
        field: '$.minMemoryGb';
        value: number;
    }
    interface RequirementsMinStorageGbFieldEvent {
        field: '$.minStorageGb';
        value: number;
    }
    interface RequirementsGpuFieldEvent {
        field: '$.gpu';
        value: boolean;
    }
    interface RequirementsInternetFieldEvent {
        field: '$.internet';
        value: boolean;
    }
    interface RequirementsPlatformFieldEvent {
        field: '$.platform';
        value: string;
    }
    interface RequirementsRoleFieldEvent {
        field: '$.role';
        value: string;
    }
    interface RequirementsTagsFieldEvent {
        field: '$.tags[]';
        index: number;
        value: string;
    }
    function encode(obj: Partial<Requirements>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Requirements>): Requirements;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Requirements>): Generator<RequirementsMinCpuCoresFieldEvent | RequirementsMinMemoryGbFieldEvent | RequirementsMinStorageGbFieldEvent | RequirementsGpuFieldEvent | RequirementsInternetFieldEvent | RequirementsPlatformFieldEvent | RequirementsRoleFieldEvent | RequirementsTagsFieldEvent>;
}
export interface RunLimits {
    cpuCores: number;
    memoryBytes: number;
    outputBytes: number;
}
export declare namespace RunLimits {
    const codec: () => Codec<RunLimits>;
    interface RunLimitsCpuCoresFieldEvent {
        field: '$.cpuCores';
        value: number;
    }
    interface RunLimitsMemoryBytesFieldEvent {
        field: '$.memoryBytes';
        value: number;
    }
    interface RunLimitsOutputBytesFieldEvent {
        field: '$.outputBytes';
        value: number;
    }
    function encode(obj: Partial<RunLimits>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RunLimits>): RunLimits;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RunLimits>): Generator<RunLimitsCpuCoresFieldEvent | RunLimitsMemoryBytesFieldEvent | RunLimitsOutputBytesFieldEvent>;
}
export interface Label {
    key: string;
    value: string;
}
export declare namespace Label {
    const codec: () => Codec<Label>;
    interface LabelKeyFieldEvent {
        field: '$.key';
        value: string;
    }
    interface LabelValueFieldEvent {
        field: '$.value';
        value: string;
    }
    function encode(obj: Partial<Label>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Label>): Label;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Label>): Generator<LabelKeyFieldEvent | LabelValueFieldEvent>;
}
export interface TaskRequest {
    taskId: Uint8Array<ArrayBuffer>;
    attempt: number;
    leaseEpoch: number;
    skill: string;
    skillVersion: string;
    priority: number;
    deadlineMs: number;
    leaseMs: number;
    input: Uint8Array<ArrayBuffer>;
    inputBlob?: BlobRef;
    inputType: string;
    requirements?: Requirements;
    limits?: RunLimits;
    deterministic: boolean;
    idempotent: boolean;
    holdId: string;
    parentId: Uint8Array<ArrayBuffer>;
    traceparent: string;
    labels: Label[];
}
export declare namespace TaskRequest {
    const codec: () => Codec<TaskRequest>;
    interface TaskRequestTaskIdFieldEvent {
        field: '$.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface TaskRequestAttemptFieldEvent {
        field: '$.attempt';
        value: number;
    }
    interface TaskRequestLeaseEpochFieldEvent {
        field: '$.leaseEpoch';
        value: number;
    }
    interface TaskRequestSkillFieldEvent {
        field: '$.skill';
        value: string;
    }
    interface TaskRequestSkillVersionFieldEvent {
        field: '$.skillVersion';
        value: string;
    }
    interface TaskRequestPriorityFieldEvent {
        field: '$.priority';
        value: number;
    }
    interface TaskRequestDeadlineMsFieldEvent {
        field: '$.deadlineMs';
        value: number;
    }
    interface TaskRequestLeaseMsFieldEvent {
        field: '$.leaseMs';
        value: number;
    }
    interface TaskRequestInputFieldEvent {
        field: '$.input';
        value: Uint8Array<ArrayBuffer>;
    }
    interface TaskRequestInputBlobHashFieldEvent {
        field: '$.inputBlob.hash';
        value: Uint8Array<ArrayBuffer>;
    }
    interface TaskRequestInputBlobSizeBytesFieldEvent {
        field: '$.inputBlob.sizeBytes';
        value: number;
    }
    interface TaskRequestInputTypeFieldEvent {
        field: '$.inputType';
        value: string;
    }
    interface TaskRequestRequirementsMinCpuCoresFieldEvent {
        field: '$.requirements.minCpuCores';
        value: number;
    }
    interface TaskRequestRequirementsMinMemoryGbFieldEvent {
        field: '$.requirements.minMemoryGb';
        value: number;
    }
    interface TaskRequestRequirementsMinStorageGbFieldEvent {
        field: '$.requirements.minStorageGb';
        value: number;
    }
    interface TaskRequestRequirementsGpuFieldEvent {
        field: '$.requirements.gpu';
        value: boolean;
    }
    interface TaskRequestRequirementsInternetFieldEvent {
        field: '$.requirements.internet';
        value: boolean;
    }
    interface TaskRequestRequirementsPlatformFieldEvent {
        field: '$.requirements.platform';
        value: string;
    }
    interface TaskRequestRequirementsRoleFieldEvent {
        field: '$.requirements.role';
        value: string;
    }
    interface TaskRequestRequirementsTagsFieldEvent {
        field: '$.requirements.tags[]';
        index: number;
        value: string;
    }
    interface TaskRequestLimitsCpuCoresFieldEvent {
        field: '$.limits.cpuCores';
        value: number;
    }
    interface TaskRequestLimitsMemoryBytesFieldEvent {
        field: '$.limits.memoryBytes';
        value: number;
    }
    interface TaskRequestLimitsOutputBytesFieldEvent {
        field: '$.limits.outputBytes';
        value: number;
    }
    interface TaskRequestDeterministicFieldEvent {
        field: '$.deterministic';
        value: boolean;
    }
    interface TaskRequestIdempotentFieldEvent {
        field: '$.idempotent';
        value: boolean;
    }
    interface TaskRequestHoldIdFieldEvent {
        field: '$.holdId';
        value: string;
    }
    interface TaskRequestParentIdFieldEvent {
        field: '$.parentId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface TaskRequestTraceparentFieldEvent {
        field: '$.traceparent';
        value: string;
    }
    interface TaskRequestLabelsKeyFieldEvent {
        field: '$.labels[].key';
        value: string;
        index: number;
    }
    interface TaskRequestLabelsValueFieldEvent {
        field: '$.labels[].value';
        value: string;
        index: number;
    }
    function encode(obj: Partial<TaskRequest>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskRequest>): TaskRequest;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskRequest>): Generator<TaskRequestTaskIdFieldEvent | TaskRequestAttemptFieldEvent | TaskRequestLeaseEpochFieldEvent | TaskRequestSkillFieldEvent | TaskRequestSkillVersionFieldEvent | TaskRequestPriorityFieldEvent | TaskRequestDeadlineMsFieldEvent | TaskRequestLeaseMsFieldEvent | TaskRequestInputFieldEvent | TaskRequestInputBlobHashFieldEvent | TaskRequestInputBlobSizeBytesFieldEvent | TaskRequestInputTypeFieldEvent | TaskRequestRequirementsMinCpuCoresFieldEvent | TaskRequestRequirementsMinMemoryGbFieldEvent | TaskRequestRequirementsMinStorageGbFieldEvent | TaskRequestRequirementsGpuFieldEvent | TaskRequestRequirementsInternetFieldEvent | TaskRequestRequirementsPlatformFieldEvent | TaskRequestRequirementsRoleFieldEvent | TaskRequestRequirementsTagsFieldEvent | TaskRequestLimitsCpuCoresFieldEvent | TaskRequestLimitsMemoryBytesFieldEvent | TaskRequestLimitsOutputBytesFieldEvent | TaskRequestDeterministicFieldEvent | TaskRequestIdempotentFieldEvent | TaskRequestHoldIdFieldEvent | TaskRequestParentIdFieldEvent | TaskRequestTraceparentFieldEvent | TaskRequestLabelsKeyFieldEvent | TaskRequestLabelsValueFieldEvent>;
}
export declare enum Verdict {
    VERDICT_UNSPECIFIED = "VERDICT_UNSPECIFIED",
    ACCEPTED = "ACCEPTED",
    QUEUED = "QUEUED",
    DUPLICATE = "DUPLICATE",
    REFUSED = "REFUSED"
}
export declare namespace Verdict {
    const codec: () => Codec<Verdict>;
}
export interface Load {
    running: number;
    slots: number;
    queued: number;
    serviceMs: number;
}
export declare namespace Load {
    const codec: () => Codec<Load>;
    interface LoadRunningFieldEvent {
        field: '$.running';
        value: number;
    }
    interface LoadSlotsFieldEvent {
        field: '$.slots';
        value: number;
    }
    interface LoadQueuedFieldEvent {
        field: '$.queued';
        value: number;
    }
    interface LoadServiceMsFieldEvent {
        field: '$.serviceMs';
        value: number;
    }
    function encode(obj: Partial<Load>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Load>): Load;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Load>): Generator<LoadRunningFieldEvent | LoadSlotsFieldEvent | LoadQueuedFieldEvent | LoadServiceMsFieldEvent>;
}
export interface TaskAck {
    taskId: Uint8Array<ArrayBuffer>;
    attempt: number;
    verdict: Verdict;
    position: number;
    code: string;
    message: string;
    retryAfterMs: number;
    load?: Load;
}
export declare namespace TaskAck {
    const codec: () => Codec<TaskAck>;
    interface TaskAckTaskIdFieldEvent {
        field: '$.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface TaskAckAttemptFieldEvent {
        field: '$.attempt';
        value: number;
    }
    interface TaskAckVerdictFieldEvent {
        field: '$.verdict';
        value: Verdict;
    }
    interface TaskAckPositionFieldEvent {
        field: '$.position';
        value: number;
    }
    interface TaskAckCodeFieldEvent {
        field: '$.code';
        value: string;
    }
    interface TaskAckMessageFieldEvent {
        field: '$.message';
        value: string;
    }
    interface TaskAckRetryAfterMsFieldEvent {
        field: '$.retryAfterMs';
        value: number;
    }
    interface TaskAckLoadRunningFieldEvent {
        field: '$.load.running';
        value: number;
    }
    interface TaskAckLoadSlotsFieldEvent {
        field: '$.load.slots';
        value: number;
    }
    interface TaskAckLoadQueuedFieldEvent {
        field: '$.load.queued';
        value: number;
    }
    interface TaskAckLoadServiceMsFieldEvent {
        field: '$.load.serviceMs';
        value: number;
    }
    function encode(obj: Partial<TaskAck>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskAck>): TaskAck;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskAck>): Generator<TaskAckTaskIdFieldEvent | TaskAckAttemptFieldEvent | TaskAckVerdictFieldEvent | TaskAckPositionFieldEvent | TaskAckCodeFieldEvent | TaskAckMessageFieldEvent | TaskAckRetryAfterMsFieldEvent | TaskAckLoadRunningFieldEvent | TaskAckLoadSlotsFieldEvent | TaskAckLoadQueuedFieldEvent | TaskAckLoadServiceMsFieldEvent>;
}
export interface TaskProgress {
    taskId: Uint8Array<ArrayBuffer>;
    attempt: number;
    seq: number;
    fraction: number;
    message: string;
    chunk: Uint8Array<ArrayBuffer>;
    load?: Load;
}
export declare namespace TaskProgress {
    const codec: () => Codec<TaskProgress>;
    interface TaskProgressTaskIdFieldEvent {
        field: '$.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface TaskProgressAttemptFieldEvent {
        field: '$.attempt';
        value: number;
    }
    interface TaskProgressSeqFieldEvent {
        field: '$.seq';
        value: number;
    }
    interface TaskProgressFractionFieldEvent {
        field: '$.fraction';
        value: number;
    }
    interface TaskProgressMessageFieldEvent {
        field: '$.message';
        value: string;
    }
    interface TaskProgressChunkFieldEvent {
        field: '$.chunk';
        value: Uint8Array<ArrayBuffer>;
    }
    interface TaskProgressLoadRunningFieldEvent {
        field: '$.load.running';
        value: number;
    }
    interface TaskProgressLoadSlotsFieldEvent {
        field: '$.load.slots';
        value: number;
    }
    interface TaskProgressLoadQueuedFieldEvent {
        field: '$.load.queued';
        value: number;
    }
    interface TaskProgressLoadServiceMsFieldEvent {
        field: '$.load.serviceMs';
        value: number;
    }
    function encode(obj: Partial<TaskProgress>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskProgress>): TaskProgress;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskProgress>): Generator<TaskProgressTaskIdFieldEvent | TaskProgressAttemptFieldEvent | TaskProgressSeqFieldEvent | TaskProgressFractionFieldEvent | TaskProgressMessageFieldEvent | TaskProgressChunkFieldEvent | TaskProgressLoadRunningFieldEvent | TaskProgressLoadSlotsFieldEvent | TaskProgressLoadQueuedFieldEvent | TaskProgressLoadServiceMsFieldEvent>;
}
export declare enum ResponseStatus {
    STATUS_UNSPECIFIED = "STATUS_UNSPECIFIED",
    COMPLETED = "COMPLETED",
    FAILED = "FAILED",
    CANCELLED = "CANCELLED",
    TIMEOUT = "TIMEOUT"
}
export declare namespace ResponseStatus {
    const codec: () => Codec<ResponseStatus>;
}
export interface TaskError {
    code: string;
    message: string;
    retryable: boolean;
}
export declare namespace TaskError {
    const codec: () => Codec<TaskError>;
    interface TaskErrorCodeFieldEvent {
        field: '$.code';
        value: string;
    }
    interface TaskErrorMessageFieldEvent {
        field: '$.message';
        value: string;
    }
    interface TaskErrorRetryableFieldEvent {
        field: '$.retryable';
        value: boolean;
    }
    function encode(obj: Partial<TaskError>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskError>): TaskError;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskError>): Generator<TaskErrorCodeFieldEvent | TaskErrorMessageFieldEvent | TaskErrorRetryableFieldEvent>;
}
export interface Usage {
    wallMs: number;
    cpuMs: number;
    peakMemoryBytes: number;
}
export declare namespace Usage {
    const codec: () => Codec<Usage>;
    interface UsageWallMsFieldEvent {
        field: '$.wallMs';
        value: number;
    }
    interface UsageCpuMsFieldEvent {
        field: '$.cpuMs';
        value: number;
    }
    interface UsagePeakMemoryBytesFieldEvent {
        field: '$.peakMemoryBytes';
        value: number;
    }
    function encode(obj: Partial<Usage>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Usage>): Usage;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Usage>): Generator<UsageWallMsFieldEvent | UsageCpuMsFieldEvent | UsagePeakMemoryBytesFieldEvent>;
}
export interface Attest {
    signature: Uint8Array<ArrayBuffer>;
    leafIndex: number;
    treeSize: number;
    proof: Uint8Array<ArrayBuffer>[];
}
export declare namespace Attest {
    const codec: () => Codec<Attest>;
    interface AttestSignatureFieldEvent {
        field: '$.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    interface AttestLeafIndexFieldEvent {
        field: '$.leafIndex';
        value: number;
    }
    interface AttestTreeSizeFieldEvent {
        field: '$.treeSize';
        value: number;
    }
    interface AttestProofFieldEvent {
        field: '$.proof[]';
        index: number;
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<Attest>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Attest>): Attest;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Attest>): Generator<AttestSignatureFieldEvent | AttestLeafIndexFieldEvent | AttestTreeSizeFieldEvent | AttestProofFieldEvent>;
}
export interface TaskResponse {
    taskId: Uint8Array<ArrayBuffer>;
    attempt: number;
    leaseEpoch: number;
    status: ResponseStatus;
    output: Uint8Array<ArrayBuffer>;
    outputBlob?: BlobRef;
    outputType: string;
    outputHash: Uint8Array<ArrayBuffer>;
    error?: TaskError;
    usage?: Usage;
    executedSkillVersion: string;
    load?: Load;
    attest?: Attest;
}
export declare namespace TaskResponse {
    const codec: () => Codec<TaskResponse>;
    interface TaskResponseTaskIdFieldEvent {
        field: '$.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface TaskResponseAttemptFieldEvent {
        field: '$.attempt';
        value: number;
    }
    interface TaskResponseLeaseEpochFieldEvent {
        field: '$.leaseEpoch';
        value: number;
    }
    interface TaskResponseStatusFieldEvent {
        field: '$.status';
        value: ResponseStatus;
    }
    interface TaskResponseOutputFieldEvent {
        field: '$.output';
        value: Uint8Array<ArrayBuffer>;
    }
    interface TaskResponseOutputBlobHashFieldEvent {
        field: '$.outputBlob.hash';
        value: Uint8Array<ArrayBuffer>;
    }
    interface TaskResponseOutputBlobSizeBytesFieldEvent {
        field: '$.outputBlob.sizeBytes';
        value: number;
    }
    interface TaskResponseOutputTypeFieldEvent {
        field: '$.outputType';
        value: string;
    }
    interface TaskResponseOutputHashFieldEvent {
        field: '$.outputHash';
        value: Uint8Array<ArrayBuffer>;
    }
    interface TaskResponseErrorCodeFieldEvent {
        field: '$.error.code';
        value: string;
    }
    interface TaskResponseErrorMessageFieldEvent {
        field: '$.error.message';
        value: string;
    }
    interface TaskResponseErrorRetryableFieldEvent {
        field: '$.error.retryable';
        value: boolean;
    }
    interface TaskResponseUsageWallMsFieldEvent {
        field: '$.usage.wallMs';
        value: number;
    }
    interface TaskResponseUsageCpuMsFieldEvent {
        field: '$.usage.cpuMs';
        value: number;
    }
    interface TaskResponseUsagePeakMemoryBytesFieldEvent {
        field: '$.usage.peakMemoryBytes';
        value: number;
    }
    interface TaskResponseExecutedSkillVersionFieldEvent {
        field: '$.executedSkillVersion';
        value: string;
    }
    interface TaskResponseLoadRunningFieldEvent {
        field: '$.load.running';
        value: number;
    }
    interface TaskResponseLoadSlotsFieldEvent {
        field: '$.load.slots';
        value: number;
    }
    interface TaskResponseLoadQueuedFieldEvent {
        field: '$.load.queued';
        value: number;
    }
    interface TaskResponseLoadServiceMsFieldEvent {
        field: '$.load.serviceMs';
        value: number;
    }
    interface TaskResponseAttestSignatureFieldEvent {
        field: '$.attest.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    interface TaskResponseAttestLeafIndexFieldEvent {
        field: '$.attest.leafIndex';
        value: number;
    }
    interface TaskResponseAttestTreeSizeFieldEvent {
        field: '$.attest.treeSize';
        value: number;
    }
    interface TaskResponseAttestProofFieldEvent {
        field: '$.attest.proof[]';
        index: number;
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<TaskResponse>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskResponse>): TaskResponse;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskResponse>): Generator<TaskResponseTaskIdFieldEvent | TaskResponseAttemptFieldEvent | TaskResponseLeaseEpochFieldEvent | TaskResponseStatusFieldEvent | TaskResponseOutputFieldEvent | TaskResponseOutputBlobHashFieldEvent | TaskResponseOutputBlobSizeBytesFieldEvent | TaskResponseOutputTypeFieldEvent | TaskResponseOutputHashFieldEvent | TaskResponseErrorCodeFieldEvent | TaskResponseErrorMessageFieldEvent | TaskResponseErrorRetryableFieldEvent | TaskResponseUsageWallMsFieldEvent | TaskResponseUsageCpuMsFieldEvent | TaskResponseUsagePeakMemoryBytesFieldEvent | TaskResponseExecutedSkillVersionFieldEvent | TaskResponseLoadRunningFieldEvent | TaskResponseLoadSlotsFieldEvent | TaskResponseLoadQueuedFieldEvent | TaskResponseLoadServiceMsFieldEvent | TaskResponseAttestSignatureFieldEvent | TaskResponseAttestLeafIndexFieldEvent | TaskResponseAttestTreeSizeFieldEvent | TaskResponseAttestProofFieldEvent>;
}
export interface ResponseAck {
    attempts: AttemptRef[];
}
export declare namespace ResponseAck {
    const codec: () => Codec<ResponseAck>;
    interface ResponseAckAttemptsTaskIdFieldEvent {
        field: '$.attempts[].taskId';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface ResponseAckAttemptsAttemptFieldEvent {
        field: '$.attempts[].attempt';
        value: number;
        index: number;
    }
    function encode(obj: Partial<ResponseAck>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ResponseAck>): ResponseAck;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ResponseAck>): Generator<ResponseAckAttemptsTaskIdFieldEvent | ResponseAckAttemptsAttemptFieldEvent>;
}
export interface TaskCancel {
    taskId: Uint8Array<ArrayBuffer>;
    attempt: number;
    reason: string;
}
export declare namespace TaskCancel {
    const codec: () => Codec<TaskCancel>;
    interface TaskCancelTaskIdFieldEvent {
        field: '$.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface TaskCancelAttemptFieldEvent {
        field: '$.attempt';
        value: number;
    }
    interface TaskCancelReasonFieldEvent {
        field: '$.reason';
        value: string;
    }
    function encode(obj: Partial<TaskCancel>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskCancel>): TaskCancel;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskCancel>): Generator<TaskCancelTaskIdFieldEvent | TaskCancelAttemptFieldEvent | TaskCancelReasonFieldEvent>;
}
export interface TaskPause {
    taskId: Uint8Array<ArrayBuffer>;
    attempt: number;
}
export declare namespace TaskPause {
    const codec: () => Codec<TaskPause>;
    interface TaskPauseTaskIdFieldEvent {
        field: '$.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface TaskPauseAttemptFieldEvent {
        field: '$.attempt';
        value: number;
    }
    function encode(obj: Partial<TaskPause>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskPause>): TaskPause;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskPause>): Generator<TaskPauseTaskIdFieldEvent | TaskPauseAttemptFieldEvent>;
}
export interface TaskResume {
    taskId: Uint8Array<ArrayBuffer>;
    attempt: number;
}
export declare namespace TaskResume {
    const codec: () => Codec<TaskResume>;
    interface TaskResumeTaskIdFieldEvent {
        field: '$.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface TaskResumeAttemptFieldEvent {
        field: '$.attempt';
        value: number;
    }
    function encode(obj: Partial<TaskResume>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskResume>): TaskResume;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskResume>): Generator<TaskResumeTaskIdFieldEvent | TaskResumeAttemptFieldEvent>;
}
export interface TaskQuery {
    taskId: Uint8Array<ArrayBuffer>;
    attempt: number;
}
export declare namespace TaskQuery {
    const codec: () => Codec<TaskQuery>;
    interface TaskQueryTaskIdFieldEvent {
        field: '$.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface TaskQueryAttemptFieldEvent {
        field: '$.attempt';
        value: number;
    }
    function encode(obj: Partial<TaskQuery>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskQuery>): TaskQuery;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskQuery>): Generator<TaskQueryTaskIdFieldEvent | TaskQueryAttemptFieldEvent>;
}
export declare enum AttemptState {
    UNKNOWN = "UNKNOWN",
    WAITING = "WAITING",
    RUNNING = "RUNNING",
    ANSWERED = "ANSWERED"
}
export declare namespace AttemptState {
    const codec: () => Codec<AttemptState>;
}
export interface TaskStatus {
    taskId: Uint8Array<ArrayBuffer>;
    attempt: number;
    state: AttemptState;
}
export declare namespace TaskStatus {
    const codec: () => Codec<TaskStatus>;
    interface TaskStatusTaskIdFieldEvent {
        field: '$.taskId';
        value: Uint8Array<ArrayBuffer>;
    }
    interface TaskStatusAttemptFieldEvent {
        field: '$.attempt';
        value: number;
    }
    interface TaskStatusStateFieldEvent {
        field: '$.state';
        value: AttemptState;
    }
    function encode(obj: Partial<TaskStatus>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskStatus>): TaskStatus;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskStatus>): Generator<TaskStatusTaskIdFieldEvent | TaskStatusAttemptFieldEvent | TaskStatusStateFieldEvent>;
}
export interface Probe {
    nonce: number;
}
export declare namespace Probe {
    const codec: () => Codec<Probe>;
    interface ProbeNonceFieldEvent {
        field: '$.nonce';
        value: number;
    }
    function encode(obj: Partial<Probe>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Probe>): Probe;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Probe>): Generator<ProbeNonceFieldEvent>;
}
export interface LoadReport {
    nonce: number;
    load?: Load;
}
export declare namespace LoadReport {
    const codec: () => Codec<LoadReport>;
    interface LoadReportNonceFieldEvent {
        field: '$.nonce';
        value: number;
    }
    interface LoadReportLoadRunningFieldEvent {
        field: '$.load.running';
        value: number;
    }
    interface LoadReportLoadSlotsFieldEvent {
        field: '$.load.slots';
        value: number;
    }
    interface LoadReportLoadQueuedFieldEvent {
        field: '$.load.queued';
        value: number;
    }
    interface LoadReportLoadServiceMsFieldEvent {
        field: '$.load.serviceMs';
        value: number;
    }
    function encode(obj: Partial<LoadReport>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<LoadReport>): LoadReport;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<LoadReport>): Generator<LoadReportNonceFieldEvent | LoadReportLoadRunningFieldEvent | LoadReportLoadSlotsFieldEvent | LoadReportLoadQueuedFieldEvent | LoadReportLoadServiceMsFieldEvent>;
}
export interface Credit {
    tasks: number;
    bytes: number;
}
export declare namespace Credit {
    const codec: () => Codec<Credit>;
    interface CreditTasksFieldEvent {
        field: '$.tasks';
        value: number;
    }
    interface CreditBytesFieldEvent {
        field: '$.bytes';
        value: number;
    }
    function encode(obj: Partial<Credit>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Credit>): Credit;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Credit>): Generator<CreditTasksFieldEvent | CreditBytesFieldEvent>;
}
export interface GoAway {
    reason: string;
    graceMs: number;
}
export declare namespace GoAway {
    const codec: () => Codec<GoAway>;
    interface GoAwayReasonFieldEvent {
        field: '$.reason';
        value: string;
    }
    interface GoAwayGraceMsFieldEvent {
        field: '$.graceMs';
        value: number;
    }
    function encode(obj: Partial<GoAway>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<GoAway>): GoAway;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<GoAway>): Generator<GoAwayReasonFieldEvent | GoAwayGraceMsFieldEvent>;
}
export interface SessionError {
    code: string;
    message: string;
}
export declare namespace SessionError {
    const codec: () => Codec<SessionError>;
    interface SessionErrorCodeFieldEvent {
        field: '$.code';
        value: string;
    }
    interface SessionErrorMessageFieldEvent {
        field: '$.message';
        value: string;
    }
    function encode(obj: Partial<SessionError>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SessionError>): SessionError;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SessionError>): Generator<SessionErrorCodeFieldEvent | SessionErrorMessageFieldEvent>;
}
