// tus-js-client against our server: one upload cut off in the middle and resumed, one with data in the creation.
// node tus_client.mjs <path of tus-js-client> <endpoint> <token> <file> <sha256> <mode>
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const [library, endpoint, token, file, sha256, mode] = process.argv.slice(2)
const { Upload } = createRequire(import.meta.url)(library)
const bytes = readFileSync(file)
let requests = 0

const common = {
  endpoint,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { sha256, mime: 'image/jpeg' },
  chunkSize: 200_000,
  retryDelays: [0, 100, 200],
  uploadDataDuringCreation: mode === 'during',
  onBeforeRequest: () => { requests += 1 },
}

function run(options, cutAt) {
  return new Promise((done, fail) => {
    const upload = new Upload(bytes, {
      ...common,
      ...options,
      onError: fail,
      onSuccess: () => done({ url: upload.url, finished: true }),
      onChunkComplete: (_size, accepted) => {
        if (cutAt !== undefined && accepted >= cutAt) {
          upload.abort()
          done({ url: upload.url, finished: false, accepted })
        }
      },
    })
    upload.start()
  })
}

const first = await run({}, mode === 'resume' ? bytes.length / 2 : undefined)
const before = requests
const last = first.finished ? first : await run({ uploadUrl: first.url })
console.log(JSON.stringify({ finished: last.finished, accepted: first.accepted ?? null, before, requests }))
