/**
 * Every bound of the node in one place, each with its reason. What an operator may change is in the configuration,
 * with these as defaults; what protects the node from its peers is only here.
 */

const KiB = 1024;
const MiB = 1024 * KiB;

export const limits = {
  // --- frames and sessions (protocols/README.md)
  /** One frame. Larger bodies go by blob; a larger frame is a broken or hostile peer. */
  frameBytes: 1 * MiB,
  /**
   * A body travels inside a frame up to here: four fit into one frame, and a session's credit holds many. It is also kept in the
   * row of its task: measured at 65, 128 and 250 KiB, three, two and one and a half times as many ends a second as with a blob each.
   */
  inlineBodyBytes: 256 * KiB,
  /** Sessions a peer may hold open towards us: one in use, one being replaced after a loss. */
  sessionsPerPeer: 2,
  /** Attempts in flight for one peer; beyond it a request is refused, so one peer cannot fill our tables. */
  inFlightPerPeer: 1_024,
  /** Frames waiting to be written to one session before we stop reading from it; at twice as much it ends. */
  sessionBufferBytes: 16 * MiB,
  /** With more than this waiting, progress is not said: it would come late, and the peer reads too slowly anyway. */
  sessionBusyBytes: 1 * MiB,
  /** A peer that reads nothing for so long: no link that still works is so slow. */
  sessionBlockedMs: 30_000,
  /** Frames a minute that decode but make no sense, before the session closes. Honest races make a few. */
  badFramesPerMinute: 64,
  /** A frame once begun must end: a slow-loris peer holds nothing longer than this. */
  frameTimeoutMs: 5_000,
  /** A session without tasks closes after this; reopening costs one round trip. */
  sessionIdleMs: 30_000,
  /** From opening a session to the remote's Hello. */
  helloTimeoutMs: 3_000,
  /** A peer that broke the protocol gets no new session for this long. */
  peerCoolDownMs: 60_000,
  /** From TaskRequest to TaskAck; then the next candidate is tried. */
  ackTimeoutMs: 2_000,

  // --- leases
  /** A worker that stays silent this long has lost its attempt. */
  leaseMs: 15_000,
  /** Heartbeats: a third of the lease, so that two may be lost. */
  heartbeatMs: 5_000,

  // --- connections
  /** Each costs about a hundred kilobytes; routing needs far fewer. */
  connections: 300,
  /** Of one peer: one in use, a simultaneous dial from both sides, and those that a cut link has left behind for seconds. */
  connectionsPerPeer: 4,
  /** Streams of all protocols together that one connection may have open. */
  streamsPerConnection: 1_000,
  /** Peers dialled on our own account (address book, discovery) until this many are connected; gossip's mesh needs 12. */
  connectionsWanted: 16,
  /** From dial to an encrypted connection. */
  dialTimeoutMs: 4_000,
  /** Between two attempts to reach a bootstrap peer. */
  redialMs: 10_000,
  /** Addresses remembered of one peer. */
  addressesPerPeer: 16,
  /** Peers in the address book; those seen longest ago leave first. */
  addressBookPeers: 1_000,
  /** A peer not seen for this long is not dialled any more at start. */
  addressBookAgeMs: 14 * 24 * 3_600_000,

  // --- cards
  /** A card with every schema left out; 256 skills fit. */
  cardBytes: 64 * KiB,
  skillsPerCard: 256,
  /** Cards kept in memory and in the store; the stalest leave first. */
  cardsKept: 10_000,
  /** A whole mesh stays below this many card messages a second: beyond 100 nodes each says less often. */
  cardMessagesPerSecond: 5,
  /** Between two cards of one node in a small mesh, and in the largest. A card lives for three intervals. */
  cardIntervalMs: 20_000,
  cardIntervalMaxMs: 200_000,
  /** Cards sent to a peer that has just connected. */
  cardsPerSync: 256,
  /** A peer not connected and not heard of for this long is dialled before it is handed out. */
  cardSilenceMs: 45_000,
  /** Gossiped cards taken from one peer: a burst, and then one in so many ms. */
  cardBurst: 10,
  cardEveryMs: 2_000,
  /** Requests of one peer that a connection may have open at once. */
  cardStreamsPerPeer: 8,
  /** A card may not claim to live longer. */
  cardLifetimeMs: 10 * 60_000,
  /** Clocks of honest machines differ by less. */
  clockSkewMs: 2 * 60_000,
  /** One schema fetched by hash. */
  schemaBytes: 64 * KiB,
  /** Schemas of others kept in memory. */
  schemasKept: 1_024,

  // --- blobs
  blobBytes: 1024 * MiB,
  /** Small enough that a round trip beside a transfer waits little (two in flight: p99 8 ms). */
  blobChunkBytes: 64 * KiB,
  /** Transfers a peer may run at once. */
  blobStreamsPerPeer: 8,
  /** Chunks on their way at once: two, and on long links as many as fit into the round trip, up to this. */
  blobWindow: 16,
  /** No byte for this long ends a transfer; it resumes where it was. */
  blobStallMs: 10_000,

  // --- bodies
  /** JSON is parsed whole: beyond this a skill should take a file. */
  jsonBodyBytes: 64 * MiB,

  // --- tasks at home
  /** Waiting tasks in one priority band (R3). */
  queuedPerBand: 1_000,
  /** Attempts this node has out at once over all peers. */
  attemptsInFlight: 2_048,
  /** Tasks of this home that have not ended, scheduled and paused ones too: about 2 GB of memory. */
  liveTasks: 1_000_000,
  /** Batch submission through the API. */
  batchTasks: 10_000,

  // --- graphs
  /** Nodes of one graph, with every item of its fan-outs: a restart takes them all up, in well under a second. */
  graphTasks: 20_000,
  /** Dependencies of one graph; what a plan costs grows with them. */
  graphEdges: 200_000,
  /** A graph as JSON; stored whole. */
  graphSpecBytes: 16 * MiB,
  /** Graphs inside graphs: ids stay readable. */
  graphDepth: 4,
  /** Graphs that may run at once: their plans are held in memory. */
  graphsRunning: 1_000,
  /** Node tasks of one graph that are out or queued at once: many workers stay busy, a queue band stays half empty. */
  graphTasksOut: 256,
  /** The same over all graphs: half of a band is left to other tasks. */
  graphsTasksOut: 500,
  /** Outputs shown with a graph; more are fetched task by task. */
  graphOutputBytes: 16 * MiB,
  /** Results kept for submissions that ask for the same again: about 300 bytes each in memory, and … */
  cacheEntries: 10_000,
  /** … what their outputs may take in the store and as blobs; one output may take a sixteenth. */
  cacheBytes: 256 * MiB,
  /** Outputs of the cache held in memory, those used last; the others are read from the store. */
  cacheHeldBytes: 32 * MiB,
  /** Versions of one deterministic skill among its providers that are looked for in the cache, the newest first. */
  cacheVersions: 8,
  /** What took less is run again instead: its result is cheaper than the question who made it. */
  cacheWorthMs: 100,
  /** How long a result is taken for the skill's, unless the operator says otherwise. */
  cacheTtlMs: 24 * 60 * 60_000,
  /** Skills and peers with statistics of their own, those with the last ends: up to 300 KB each over all windows. */
  statsSkills: 48,
  statsPeers: 48,

  // --- the worker
  /** Attempts accepted but waiting for a slot, over all peers. */
  workerQueue: 1_000,
  /** TaskRequests a second from one peer (token bucket, with a burst of the same). A fast batch submitter stays below. */
  requestsPerSecondPerPeer: 20_000,
  /** Questions for this node's load that one session gets answered: a task asks a peer at most once. */
  probesPerSecond: 200,
  /** Answered attempts remembered, so that a duplicate is answered from the first. */
  answersKept: 10_000,
  /** An answer that nobody acknowledges: a submitter that is gone for so long starts again anyway. */
  answerKeptMs: 15 * 60_000,
  /** Between two sendings of one answer: it costs a few bytes to ask for it, and a quarter of a MiB to say it. */
  answerAgainMs: 1_000,
  /** Outputs held in memory until their answers are acknowledged, of one peer and of all; beyond it they go by blob. */
  answersHeldBytesPerPeer: 32 * MiB,
  answersHeldBytes: 256 * MiB,
  /** Blobs that a peer has shown to have, remembered so that it need not show it again; about 100 bytes each. */
  blobsSuppliedPerPeer: 512,
  blobsSuppliedPeers: 256,
  /** An answer that took less and is younger is not worth a write: hardly one in a thousand is acknowledged later. */
  outboxDelayMs: 250,
  /** Unacknowledged answers on disk; beyond it they are in memory alone. A restart loads them all. */
  outboxBytes: 64 * MiB,
  /** From a cancel to when nothing of the code is left. */
  cancelGraceMs: 1_000,
  /** From a cancel to the end by force of code that does not listen: the end itself takes some of that second too. */
  cancelKillMs: 800,

  /** One line between the node and a skill process, either way: what is parsed on the node's thread. Larger bodies go by file. */
  processLineBytes: 1 * MiB,

  // --- verification
  /** Signed results that proved wrong, kept as evidence: of one peer, and of all; a few hundred bytes each. */
  faultsPerPeer: 16,
  faults: 1_000,
  /** Signed results remembered to notice that a peer contradicts itself; some kilobytes each at most. */
  signedResultsKept: 1_024,
  /** Known questions kept in memory, of one skill and of all, and how large their inputs may be. */
  canariesPerSkill: 32,
  canaries: 256,
  canaryBytes: 32 * KiB,

  // --- routing
  /** Peers of which evidence and metrics are kept, as many as cards; some hundred bytes each. */
  evidencePeers: 10_000,
  /** Skills kept of one peer; a node uses few of what a card may list. */
  evidenceSkillsPerPeer: 64,
  /** Skills whose average run time is remembered. */
  routedSkills: 1_024,
  /** (skill, peer) pairs whose trust is kept computed: every candidate of a few large skills. Rebuilt when it is full. */
  prospects: 65_536,
  /** Version ranges, and versions of each, whose comparison is remembered. */
  versionsRemembered: 256,
  /** Peers a stored decision names: it is written with every attempt. */
  consideredPeers: 16,

  // --- trust: attestations and alarms
  /** Issuers whose attestation is kept, and the claims of all of them; a full recomputation of the graph takes some ms then. */
  attestationIssuers: 10_000,
  attestationEdges: 100_000,
  /** Peers shown of the trust graph: a picture of more shows nothing. */
  trustGraphNodes: 1_000,
  /** Verdicts kept with their reasons for each peer and skill, of the good and of the bad, and the length of a reason. */
  verdictsKept: 4,
  verdictReasonChars: 160,
  /** Subjects that one issuer may speak of, and verdicts it may claim of each: nobody's word weighs without bound. */
  claimsPerAttestation: 64,
  claimedVerdicts: 50,
  /** Verdicts kept to test what others say by, until they are said: a busy minute brings more, and a hundred tell a liar. */
  unsaidVerdicts: 256,
  /** 64 claims with the longest skill ids have 9 KiB. */
  attestationBytes: 12 * KiB,
  /** A dead issuer's word is gone within a day. */
  attestationLifetimeMs: 24 * 3_600_000,
  /** Gossiped attestations taken of one issuer: a burst, and then one in so many ms. */
  attestationBurst: 2,
  attestationEveryMs: 60_000,
  /** A whole mesh stays below this many attestations a second, as with cards. */
  attestationsPerSecond: 5,
  /** Gossiped trust messages looked at from one relayer: a burst, and then so many a second. A mesh makes half as many. */
  relayedTrustBurst: 200,
  relayedTrustPerSecond: 10,
  /** Messages above that before the relayer is shut out of gossip for a while. */
  relayedTrustExcess: 1_000,
  /** Attestations and alarms of peers nobody here vouches for that are handed on, a second: they must not crowd out the others. */
  strangersBurst: 100,
  strangersPerSecond: 2,
  /** Attestations sent in one sync, each way, and their bytes; gossip brings the rest. */
  attestationsPerSync: 2_048,
  attestationsPerSyncBytes: 4 * MiB,
  /** A whole sync, and the pause before the same peer gets another. */
  trustSyncMs: 30_000,
  trustSyncEveryMs: 60_000,
  /** Proofs of two attestations under one number. 24 KiB each at most; one is enough to silence an issuer for as long. */
  equivocationsKept: 1_024,
  equivocationKeptMs: 30 * 24 * 3_600_000,
  /** Proofs sent in one sync. */
  equivocationsPerSync: 64,
  /** A fault alarm: two signed results with proofs of eight hashes each. */
  alarmBytes: 4 * KiB,
  /** What an alarm says of a result is no news after this; and so long it makes a provider be checked. */
  alarmAgeMs: 10 * 60_000,
  alarmForcesMs: 30 * 60_000,
  /** Alarms taken of one reporter: a burst, and then one in so many ms. */
  alarmBurst: 4,
  alarmEveryMs: 60_000,
  /** Alarms in force that are remembered; strangers' may be half of them. */
  alarmsKept: 1_024,

  // --- text from peers
  /** Error and progress messages that cross the wire. */
  messageBytes: 512,

  // --- schedules and webhooks
  /** Schedules of one node: all are in memory, with inputs of at most this; larger inputs are blobs. */
  schedules: 1_000,
  scheduleInputBytes: 16 * KiB,
  /** Missed runs made up for at once under the policy `all`. */
  scheduleCatchUp: 100,
  /** Shortest interval; below it a skill should loop by itself. */
  scheduleIntervalMs: 1_000,
  /** The wall clock is looked at this often while a schedule waits: it may be set. */
  scheduleCheckMs: 10_000,
  /** URLs that events are sent to. */
  webhooks: 16,
  /** Events that wait for one URL, in number and size; the oldest leave first. */
  webhookEvents: 10_000,
  webhookEventsBytes: 32 * MiB,
  /** A result in an event; larger ones are named by size and hash. */
  webhookResultBytes: 32 * KiB,
  /** One delivery, from the connection to the answer's head. */
  webhookTimeoutMs: 10_000,
  /** An event that nobody accepted for so long is given up. */
  webhookKeptMs: 24 * 3_600_000,
  /** `beforeSubmit` keeps a submitter waiting; the other hooks nobody. */
  hookSubmitMs: 1_000,
  hookMs: 5_000,
  /** Changes that wait for the hooks; the oldest leave first. */
  hookQueue: 4_096,

  // --- the local API
  apiBodyBytes: 64 * MiB,
  /** Request line and headers: nothing honest is slower on loopback. */
  apiHeadersTimeoutMs: 10_000,
  /** One whole request, body and all: a blob of 1 GiB at 4 MB/s. */
  apiRequestTimeoutMs: 270_000,
  /** One long poll; clients ask again. Short enough that a client that went away is noticed. */
  apiWaitMs: 60_000,
  /** Event streams open at once: each costs a socket and a timer. */
  apiEventStreams: 64,
  /** A comment on an idle event stream, so that both ends notice a dead one. */
  apiHeartbeatMs: 15_000,
  /** Changes kept for event streams that come back, and what they may weigh. */
  apiEventsKept: 4_096,
  apiEventsKeptBytes: 8 * MiB,
  /** Dialling a peer for the operator. */
  apiConnectTimeoutMs: 15_000,
  /** Looking for providers in the DHT for a caller who did not say how long. */
  apiFindTimeoutMs: 5_000,
} as const;

/** At most `maxBytes` of UTF-8, control characters replaced: text from a peer that may reach a terminal or a log. */
export function safeMessage(text: string, maxBytes: number = limits.messageBytes): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is removed
  const printable = text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, " ");
  if (Buffer.byteLength(printable) <= maxBytes) return printable;
  return (
    Buffer.from(printable)
      .subarray(0, maxBytes - 3)
      .toString("utf8")
      .replace(/\ufffd+$/, "") + "…"
  );
}
