import type { Codec, DecodeOptions } from 'protons-runtime';
import type { Uint8ArrayList } from 'uint8arraylist';
export interface SignedCard {
    card: Uint8Array<ArrayBuffer>;
    signature: Uint8Array<ArrayBuffer>;
}
export declare namespace SignedCard {
    const codec: () => Codec<SignedCard>;
    interface SignedCardCardFieldEvent {
        field: '$.card';
        value: Uint8Array<ArrayBuffer>;
    }
    interface SignedCardSignatureFieldEvent {
        field: '$.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<SignedCard>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedCard>): SignedCard;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedCard>): Generator<SignedCardCardFieldEvent | SignedCardSignatureFieldEvent>;
}
export interface Card {
    version: number;
    network: string;
    peerId: string;
    seq: number;
    issuedAt: number;
    expiresAt: number;
    name: string;
    addresses: string[];
    agent?: AgentInfo;
    resources?: Resources;
    role: string;
    tags: string[];
    tiers: string[];
    load?: CardLoad;
    skills: SkillEntry[];
    tombstone: boolean;
}
export declare namespace Card {
    const codec: () => Codec<Card>;
    interface CardVersionFieldEvent {
        field: '$.version';
        value: number;
    }
    interface CardNetworkFieldEvent {
        field: '$.network';
        value: string;
    }
    interface CardPeerIdFieldEvent {
        field: '$.peerId';
        value: string;
    }
    interface CardSeqFieldEvent {
        field: '$.seq';
        value: number;
    }
    interface CardIssuedAtFieldEvent {
        field: '$.issuedAt';
        value: number;
    }
    interface CardExpiresAtFieldEvent {
        field: '$.expiresAt';
        value: number;
    }
    interface CardNameFieldEvent {
        field: '$.name';
        value: string;
    }
    interface CardAddressesFieldEvent {
        field: '$.addresses[]';
        index: number;
        value: string;
    }
    interface CardAgentNameFieldEvent {
        field: '$.agent.name';
        value: string;
    }
    interface CardAgentVersionFieldEvent {
        field: '$.agent.version';
        value: string;
    }
    interface CardAgentProtocolsFieldEvent {
        field: '$.agent.protocols[]';
        index: number;
        value: string;
    }
    interface CardResourcesCpuCoresFieldEvent {
        field: '$.resources.cpuCores';
        value: number;
    }
    interface CardResourcesMemoryBytesFieldEvent {
        field: '$.resources.memoryBytes';
        value: number;
    }
    interface CardResourcesStorageBytesFieldEvent {
        field: '$.resources.storageBytes';
        value: number;
    }
    interface CardResourcesGpusFieldEvent {
        field: '$.resources.gpus[]';
        index: number;
        value: string;
    }
    interface CardResourcesPlatformFieldEvent {
        field: '$.resources.platform';
        value: string;
    }
    interface CardResourcesArchFieldEvent {
        field: '$.resources.arch';
        value: string;
    }
    interface CardResourcesInternetFieldEvent {
        field: '$.resources.internet';
        value: boolean;
    }
    interface CardRoleFieldEvent {
        field: '$.role';
        value: string;
    }
    interface CardTagsFieldEvent {
        field: '$.tags[]';
        index: number;
        value: string;
    }
    interface CardTiersFieldEvent {
        field: '$.tiers[]';
        index: number;
        value: string;
    }
    interface CardLoadRunningFieldEvent {
        field: '$.load.running';
        value: number;
    }
    interface CardLoadSlotsFieldEvent {
        field: '$.load.slots';
        value: number;
    }
    interface CardLoadQueuedFieldEvent {
        field: '$.load.queued';
        value: number;
    }
    interface CardLoadServiceMsFieldEvent {
        field: '$.load.serviceMs';
        value: number;
    }
    interface CardSkillsIdFieldEvent {
        field: '$.skills[].id';
        value: string;
        index: number;
    }
    interface CardSkillsVersionFieldEvent {
        field: '$.skills[].version';
        value: string;
        index: number;
    }
    interface CardSkillsNameFieldEvent {
        field: '$.skills[].name';
        value: string;
        index: number;
    }
    interface CardSkillsDescriptionFieldEvent {
        field: '$.skills[].description';
        value: string;
        index: number;
    }
    interface CardSkillsTagsFieldEvent {
        field: '$.skills[].tags[]';
        index: number;
        value: string;
    }
    interface CardSkillsExamplesFieldEvent {
        field: '$.skills[].examples[]';
        index: number;
        value: string;
    }
    interface CardSkillsInputSchemaHashFieldEvent {
        field: '$.skills[].inputSchemaHash';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface CardSkillsOutputSchemaHashFieldEvent {
        field: '$.skills[].outputSchemaHash';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface CardSkillsDeterministicFieldEvent {
        field: '$.skills[].deterministic';
        value: boolean;
        index: number;
    }
    interface CardSkillsIdempotentFieldEvent {
        field: '$.skills[].idempotent';
        value: boolean;
        index: number;
    }
    interface CardSkillsPriceMilliFieldEvent {
        field: '$.skills[].priceMilli';
        value: number;
        index: number;
    }
    interface CardSkillsAccessFieldEvent {
        field: '$.skills[].access';
        value: string;
        index: number;
    }
    interface CardSkillsInputModesFieldEvent {
        field: '$.skills[].inputModes[]';
        index: number;
        value: string;
    }
    interface CardSkillsWarmFieldEvent {
        field: '$.skills[].warm';
        value: boolean;
        index: number;
    }
    interface CardTombstoneFieldEvent {
        field: '$.tombstone';
        value: boolean;
    }
    function encode(obj: Partial<Card>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Card>): Card;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Card>): Generator<CardVersionFieldEvent | CardNetworkFieldEvent | CardPeerIdFieldEvent | CardSeqFieldEvent | CardIssuedAtFieldEvent | CardExpiresAtFieldEvent | CardNameFieldEvent | CardAddressesFieldEvent | CardAgentNameFieldEvent | CardAgentVersionFieldEvent | CardAgentProtocolsFieldEvent | CardResourcesCpuCoresFieldEvent | CardResourcesMemoryBytesFieldEvent | CardResourcesStorageBytesFieldEvent | CardResourcesGpusFieldEvent | CardResourcesPlatformFieldEvent | CardResourcesArchFieldEvent | CardResourcesInternetFieldEvent | CardRoleFieldEvent | CardTagsFieldEvent | CardTiersFieldEvent | CardLoadRunningFieldEvent | CardLoadSlotsFieldEvent | CardLoadQueuedFieldEvent | CardLoadServiceMsFieldEvent | CardSkillsIdFieldEvent | CardSkillsVersionFieldEvent | CardSkillsNameFieldEvent | CardSkillsDescriptionFieldEvent | CardSkillsTagsFieldEvent | CardSkillsExamplesFieldEvent | CardSkillsInputSchemaHashFieldEvent | CardSkillsOutputSchemaHashFieldEvent | CardSkillsDeterministicFieldEvent | CardSkillsIdempotentFieldEvent | CardSkillsPriceMilliFieldEvent | CardSkillsAccessFieldEvent | CardSkillsInputModesFieldEvent | CardSkillsWarmFieldEvent | CardTombstoneFieldEvent>;
}
export interface AgentInfo {
    name: string;
    version: string;
    protocols: string[];
}
export declare namespace AgentInfo {
    const codec: () => Codec<AgentInfo>;
    interface AgentInfoNameFieldEvent {
        field: '$.name';
        value: string;
    }
    interface AgentInfoVersionFieldEvent {
        field: '$.version';
        value: string;
    }
    interface AgentInfoProtocolsFieldEvent {
        field: '$.protocols[]';
        index: number;
        value: string;
    }
    function encode(obj: Partial<AgentInfo>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AgentInfo>): AgentInfo;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AgentInfo>): Generator<AgentInfoNameFieldEvent | AgentInfoVersionFieldEvent | AgentInfoProtocolsFieldEvent>;
}
export interface Resources {
    cpuCores: number;
    memoryBytes: number;
    storageBytes: number;
    gpus: string[];
    platform: string;
    arch: string;
    internet: boolean;
}
export declare namespace Resources {
    const codec: () => Codec<Resources>;
    interface ResourcesCpuCoresFieldEvent {
        field: '$.cpuCores';
        value: number;
    }
    interface ResourcesMemoryBytesFieldEvent {
        field: '$.memoryBytes';
        value: number;
    }
    interface ResourcesStorageBytesFieldEvent {
        field: '$.storageBytes';
        value: number;
    }
    interface ResourcesGpusFieldEvent {
        field: '$.gpus[]';
        index: number;
        value: string;
    }
    interface ResourcesPlatformFieldEvent {
        field: '$.platform';
        value: string;
    }
    interface ResourcesArchFieldEvent {
        field: '$.arch';
        value: string;
    }
    interface ResourcesInternetFieldEvent {
        field: '$.internet';
        value: boolean;
    }
    function encode(obj: Partial<Resources>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Resources>): Resources;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Resources>): Generator<ResourcesCpuCoresFieldEvent | ResourcesMemoryBytesFieldEvent | ResourcesStorageBytesFieldEvent | ResourcesGpusFieldEvent | ResourcesPlatformFieldEvent | ResourcesArchFieldEvent | ResourcesInternetFieldEvent>;
}
export interface CardLoad {
    running: number;
    slots: number;
    queued: number;
    serviceMs: number;
}
export declare namespace CardLoad {
    const codec: () => Codec<CardLoad>;
    interface CardLoadRunningFieldEvent {
        field: '$.running';
        value: number;
    }
    interface CardLoadSlotsFieldEvent {
        field: '$.slots';
        value: number;
    }
    interface CardLoadQueuedFieldEvent {
        field: '$.queued';
        value: number;
    }
    interface CardLoadServiceMsFieldEvent {
        field: '$.serviceMs';
        value: number;
    }
    function encode(obj: Partial<CardLoad>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CardLoad>): CardLoad;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CardLoad>): Generator<CardLoadRunningFieldEvent | CardLoadSlotsFieldEvent | CardLoadQueuedFieldEvent | CardLoadServiceMsFieldEvent>;
}
export interface SkillEntry {
    id: string;
    version: string;
    name: string;
    description: string;
    tags: string[];
    examples: string[];
    inputSchemaHash: Uint8Array<ArrayBuffer>;
    outputSchemaHash: Uint8Array<ArrayBuffer>;
    deterministic: boolean;
    idempotent: boolean;
    priceMilli: number;
    access: string;
    inputModes: string[];
    warm: boolean;
}
export declare namespace SkillEntry {
    const codec: () => Codec<SkillEntry>;
    interface SkillEntryIdFieldEvent {
        field: '$.id';
        value: string;
    }
    interface SkillEntryVersionFieldEvent {
        field: '$.version';
        value: string;
    }
    interface SkillEntryNameFieldEvent {
        field: '$.name';
        value: string;
    }
    interface SkillEntryDescriptionFieldEvent {
        field: '$.description';
        value: string;
    }
    interface SkillEntryTagsFieldEvent {
        field: '$.tags[]';
        index: number;
        value: string;
    }
    interface SkillEntryExamplesFieldEvent {
        field: '$.examples[]';
        index: number;
        value: string;
    }
    interface SkillEntryInputSchemaHashFieldEvent {
        field: '$.inputSchemaHash';
        value: Uint8Array<ArrayBuffer>;
    }
    interface SkillEntryOutputSchemaHashFieldEvent {
        field: '$.outputSchemaHash';
        value: Uint8Array<ArrayBuffer>;
    }
    interface SkillEntryDeterministicFieldEvent {
        field: '$.deterministic';
        value: boolean;
    }
    interface SkillEntryIdempotentFieldEvent {
        field: '$.idempotent';
        value: boolean;
    }
    interface SkillEntryPriceMilliFieldEvent {
        field: '$.priceMilli';
        value: number;
    }
    interface SkillEntryAccessFieldEvent {
        field: '$.access';
        value: string;
    }
    interface SkillEntryInputModesFieldEvent {
        field: '$.inputModes[]';
        index: number;
        value: string;
    }
    interface SkillEntryWarmFieldEvent {
        field: '$.warm';
        value: boolean;
    }
    function encode(obj: Partial<SkillEntry>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SkillEntry>): SkillEntry;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SkillEntry>): Generator<SkillEntryIdFieldEvent | SkillEntryVersionFieldEvent | SkillEntryNameFieldEvent | SkillEntryDescriptionFieldEvent | SkillEntryTagsFieldEvent | SkillEntryExamplesFieldEvent | SkillEntryInputSchemaHashFieldEvent | SkillEntryOutputSchemaHashFieldEvent | SkillEntryDeterministicFieldEvent | SkillEntryIdempotentFieldEvent | SkillEntryPriceMilliFieldEvent | SkillEntryAccessFieldEvent | SkillEntryInputModesFieldEvent | SkillEntryWarmFieldEvent>;
}
export interface CardRequest {
    known: number;
    schemas: Uint8Array<ArrayBuffer>[];
    own?: SignedCard;
}
export declare namespace CardRequest {
    const codec: () => Codec<CardRequest>;
    interface CardRequestKnownFieldEvent {
        field: '$.known';
        value: number;
    }
    interface CardRequestSchemasFieldEvent {
        field: '$.schemas[]';
        index: number;
        value: Uint8Array<ArrayBuffer>;
    }
    interface CardRequestOwnCardFieldEvent {
        field: '$.own.card';
        value: Uint8Array<ArrayBuffer>;
    }
    interface CardRequestOwnSignatureFieldEvent {
        field: '$.own.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<CardRequest>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CardRequest>): CardRequest;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CardRequest>): Generator<CardRequestKnownFieldEvent | CardRequestSchemasFieldEvent | CardRequestOwnCardFieldEvent | CardRequestOwnSignatureFieldEvent>;
}
export interface CardResponse {
    own?: SignedCard;
    known: SignedCard[];
    schemas: Uint8Array<ArrayBuffer>[];
    error: string;
}
export declare namespace CardResponse {
    const codec: () => Codec<CardResponse>;
    interface CardResponseOwnCardFieldEvent {
        field: '$.own.card';
        value: Uint8Array<ArrayBuffer>;
    }
    interface CardResponseOwnSignatureFieldEvent {
        field: '$.own.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    interface CardResponseKnownCardFieldEvent {
        field: '$.known[].card';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface CardResponseKnownSignatureFieldEvent {
        field: '$.known[].signature';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface CardResponseSchemasFieldEvent {
        field: '$.schemas[]';
        index: number;
        value: Uint8Array<ArrayBuffer>;
    }
    interface CardResponseErrorFieldEvent {
        field: '$.error';
        value: string;
    }
    function encode(obj: Partial<CardResponse>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CardResponse>): CardResponse;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CardResponse>): Generator<CardResponseOwnCardFieldEvent | CardResponseOwnSignatureFieldEvent | CardResponseKnownCardFieldEvent | CardResponseKnownSignatureFieldEvent | CardResponseSchemasFieldEvent | CardResponseErrorFieldEvent>;
}
