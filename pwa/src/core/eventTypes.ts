/**
 * The closed table of event types (D-12): twin of `server/inspections/event_types.py`, which explains the
 * kinds; `tests/vectors/event-types.json` keeps the two equal word for word.
 */
export type Fields = Readonly<Record<string, string>>

const ANSWER: Fields = {
  checklist: 'id',
  item: 'id',
  sheet: 'int:0:999',
  val: 'enum:pass|fail|na|neutral',
  'choice?': 'list:0:40:id',
  'text?': 'text:0:4000',
  'nums?': 'map:40:decimal',
  'dates?': 'map:40:date',
  'texts?': 'map:40:text:0:2000',
  'asked?': 'int:0:10000',
  'correct?': 'int:0:10000',
  'part?': 'text:0:500',
  'note?': 'text:0:4000',
  'fixed?': 'bool',
  'measure?': 'text:0:1000',
  'gate?': 'bool',
}

const PHOTO: Fields = {
  sha256: 'sha',
  size: 'int:1:1000000000',
  mime: 'text:3:80',
  width: 'int:0:100000',
  height: 'int:0:100000',
  src: 'enum:inapp|system|import',
  purpose: 'enum:door|item|general|document|derived',
  'checklist?': 'id',
  'item?': 'id',
  'sheet?': 'int:0:999',
  'caption?': 'text:0:500',
  'of?': 'sha',
  'stripped?': 'bool',
}

/** Objects inside bodies. */
export const SHAPES: Readonly<Record<string, Fields>> = {
  hashed: { id: 'id', hash: 'sha' },
  shown: { user: 'id', name: 'text:1:120', certificate_no: 'text:0:60' },
  chain: { dev: 'dev', n: 'int:0:1000000', root: 'hash' },
  qa: { q: 'text:0:2000', a: 'text:0:4000' },
  witness: { name: 'text:1:120', 'role?': 'text:0:200', 'ink?': 'sha', 'phone?': 'text:0:200' },
  finding: { checklist: 'id', item: 'id', sheet: 'int:0:999', text: 'text:0:80' },
  gist: {
    outcome: 'enum:completed|not_possible|refused_entry', from: 'int:0:9007199254740991', to: 'int:0:9007199254740991',
    answered: 'int:0:100000', open: 'int:0:100000', fails: 'int:0:100000', conflicts: 'int:0:100000',
    photos: 'int:0:100000', audio: 'int:0:100000', findings: 'list:0:20:obj:finding',
  },
}

/** Content of an inspection (D-6): what the two inspectors attest. */
export const CONTENT: Readonly<Record<string, Fields>> = {
  'insp.open': {
    pack: 'sha', pin: 'hash', mode: 'enum:on_site|document_review|network_monitoring',
    assignments: 'list:0:50:id', checklists: 'list:0:50:obj:hashed',
  },
  'recusal.declare': { inspector: 'id', conflict: 'bool', 'reason?': 'text:0:4000' },
  'recusal.request': { party_name: 'text:1:120', inspector: 'id', reason: 'text:0:4000' },
  'rec.mark': { mark: 'id', 'ref?': 'text:0:200', 'session?': 'id' },
  outcome: {
    kind: 'enum:completed|not_possible|refused_entry',
    'reason?': 'enum:closed|moved|not_found|no_business', 'note?': 'text:0:4000',
  },
  'id.show': { inspectors: 'list:1:20:obj:shown', 'party_name?': 'text:0:200' },
  'notice.give': {
    number: 'text:1:120', doc: 'sha', mode: 'enum:received|refused|left', 'receiver?': 'text:0:200',
    'role?': 'text:0:200', 'phone?': 'text:0:200', 'ink?': 'sha', 'reason?': 'text:0:4000',
    'witness?': 'witness',
  },
  'told.tick': { key: 'id', spoken: 'bool' },
  'rec.start': {
    session: 'id', device_no: 'text:1:80', kind: 'enum:body_worn|phone|camera|fixed',
    wearer: 'text:1:120', 'spare?': 'text:0:200', 'battery?': 'int:0:100',
    'free_mb?': 'int:0:100000000', clock_checked: 'bool', 'offset_s?': 'int:-100000000:100000000',
  },
  'rec.gap': {
    session: 'id', from: 'int:0:9007199254740991', to: 'int:0:9007199254740991',
    reason: 'enum:battery|storage_full|fault|weather|classified_area|party_privacy|safety_explosive_atmosphere|other',
    'note?': 'text:0:4000', spoken_before: 'bool', spoken_after: 'bool',
  },
  'unit.propose': { field: 'id', old: 'text:0:4000', new: 'text:0:4000', 'source?': 'text:0:500' },
  'unit.fact': { fact: 'id', value: 'enum:yes|no|unknown', 'source?': 'text:0:500' },
  'check.answer': ANSWER,
  'check.change': { ...ANSWER, over: 'list:1:40:hash', 'reason?': 'text:0:4000' },
  'item.na': { checklist: 'id', item: 'id', sheet: 'int:0:999', reason: 'text:0:4000' },
  'photo.add': PHOTO,
  'photo.void': { sha256: 'sha', reason: 'text:0:4000' },
  'audio.add': {
    sha256: 'sha', size: 'int:1:1000000000', mime: 'text:3:80', duration_ms: 'int:0:86400000',
    'item?': 'id', 'checklist?': 'id',
  },
  'doc.add': {
    kind: 'enum:documentary|physical|av|electronic|testimony', title: 'text:1:300',
    source: 'text:0:500', 'provider?': 'text:0:200', attested: 'bool', photos: 'list:0:60:sha',
    'item?': 'id', 'checklist?': 'id',
  },
  'note.add': { text: 'text:1:4000', 'item?': 'id', 'checklist?': 'id' },
  'interview.add': {
    name: 'text:1:120', 'role?': 'text:0:200', 'phone?': 'text:0:200', qa: 'list:0:200:obj:qa',
    'ink?': 'sha',
  },
  'sample.add': {
    checklist: 'id', sheet: 'int:0:999', product: 'text:1:300', 'model?': 'text:0:200',
    quantity: 'amount', seal_no: 'text:1:120', party_name: 'text:0:120', 'photo?': 'sha',
  },
  'assist.add': { name: 'text:1:120', org: 'text:0:200', scope: 'text:0:500' },
  'party.statement': { text: 'text:0:4000' },
  'supplement.photo': { ...PHOTO, return_id: 'id' },
}

/** What attests, signs, closes, answers and corrects; and what the device says about itself. */
export const PROCEDURE: Readonly<Record<string, Fields>> = {
  'rec.stop': { session: 'id', 'storage?': 'text:0:200' },
  attest: {
    d: 'hash', text: 'hash', pin: 'hash', chains: 'list:0:60:obj:chain', level: 'enum:A1|A2|A3',
    'offer?': 'hash', 'gist?': 'obj:gist',
  },
  'attest.in': { h: 'text:1:4096', s: 'text:1:200', b: 'text:1:16384' },
  'attest.late': { d: 'hash', 'attest?': 'hash', 'read?': 'enum:record|code' },
  'sign.party': {
    mode: 'enum:signed|refused|unable|absent', 'name?': 'text:0:200', 'role?': 'text:0:200',
    'phone?': 'text:0:200', 'reason?': 'text:0:4000', 'ink?': 'sha', 'strokes?': 'sha', text: 'hash',
    'witness?': 'witness',
  },
  seal: {
    d: 'hash', text: 'hash', count: 'int:0:1000000', root: 'hash', chains: 'list:0:60:obj:chain',
    outcome: 'enum:completed|not_possible|refused_entry', party: 'bool',
    ended: 'int:0:9007199254740991', 'prev_seal?': 'hash',
  },
  reply: { return_id: 'id', item: 'text:0:64', 'checklist?': 'text:0:64', text: 'text:0:4000' },
  'report.opinion': {
    base: 'int:0:1000000', evaluation: 'text:0:4000', handling: 'text:0:4000', advice: 'text:0:4000',
  },
  'late.note': { text: 'text:1:4000' },
  'late.photo': PHOTO,
  correct: {
    target: 'hash', path: 'text:1:200', old: 'hash', new: 'text:0:4000', reason: 'text:1:4000',
  },
  'correct.approve': { correct: 'hash' },
  objection: { text: 'text:1:4000', 'ref?': 'text:0:200' },
  'gps.fix': {
    lat: 'int:-900000000:900000000', lon: 'int:-1800000000:1800000000', acc: 'int:0:100000000',
    at: 'int:0:9007199254740991',
  },
  'app.background': {},
  'app.resume': {},
  'storage.low': { free_mb: 'int:0:100000000' },
  'clock.jump': { delta: 'int:-9007199254740991:9007199254740991' },
  'sync.anchor': { 'size?': 'int:0:9007199254740991', 'root?': 'text:1:100' },
  'sync.receipt': { size: 'int:0:9007199254740991', root: 'text:1:100' },
  'dev.genesis': {
    spki: 'text:1:600', installation: 'id', user: 'id', agency: 'id', app: 'text:0:120',
  },
  'dev.health': { self_test: 'json', 'quota?': 'int:0:9007199254740991', 'battery?': 'int:0:100' },
  'key.rotate': { spki: 'text:1:600', dev: 'dev' },
}

/** Allowed after the first seal (D-8, D-10, D-11). */
export const AFTER_SEAL: ReadonlySet<string> = new Set([
  'app.background', 'app.resume', 'attest', 'attest.in', 'attest.late', 'clock.jump', 'correct',
  'correct.approve', 'dev.genesis', 'dev.health', 'key.rotate', 'late.note', 'late.photo', 'objection',
  'rec.stop', 'reply', 'report.opinion', 'seal', 'storage.low', 'supplement.photo', 'sync.anchor',
  'sync.receipt',
])

export const BODIES: Readonly<Record<string, Fields>> = { ...CONTENT, ...PROCEDURE }
