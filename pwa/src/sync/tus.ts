/**
 * tus-js-client over our own ports: the network is `Net` (so that it can be simulated), half-sent
 * addresses live in the vault, and the file is the bytes just read from it. 1 MB pieces; no retry inside:
 * the round decides when to go on, and goes on inside the file.
 */
import { DetailedError, Upload, type HttpRequest, type HttpResponse, type PreviousUpload } from 'tus-js-client'
import { fromUtf8, type Bytes } from '../core/bytes'
import type { NetResponse } from '../device/ports'
import type { Vault } from '../device/vault'
import { keys } from './facts'
import { API, problemOf, type Problem, type Wire } from './wire'

export const PIECE = 1_000_000
/** tus-js-client wants absolute addresses; only the path of this one is used. */
const HERE = 'https://phone.invalid'
const PATIENCE_MS = 60_000

export type Sent =
  | { readonly kind: 'sent' }
  | { readonly kind: 'away' }
  | { readonly kind: 'login' }
  | { readonly kind: 'problem'; readonly problem: Problem }

export interface ToSend {
  readonly sha256: string
  readonly mime: string
  readonly insp: string
  readonly bytes: Bytes
}

class AwayError extends Error {}
class LoginError extends Error {}

function asTusResponse(answer: NetResponse): HttpResponse {
  return {
    getStatus: () => answer.status,
    getHeader: (name) => answer.header(name) ?? undefined,
    getBody: () => fromUtf8(answer.body),
    getUnderlyingObject: () => answer,
  }
}

class VaultRequest implements HttpRequest {
  private readonly headers: Record<string, string> = {}

  constructor(private readonly wire: Wire, private readonly method: string, private readonly url: string) {}

  getMethod(): string {
    return this.method
  }
  getURL(): string {
    return this.url
  }
  setHeader(header: string, value: string): void {
    this.headers[header] = value
  }
  getHeader(header: string): string | undefined {
    return this.headers[header]
  }
  setProgressHandler(): void {
    // Pieces are small enough: progress is counted by finished pieces.
  }
  async send(body: Bytes | null | undefined): Promise<HttpResponse> {
    const path = new URL(this.url, HERE).pathname
    const answer = await this.wire.authorised({
      method: this.method, path, headers: this.headers, timeoutMs: PATIENCE_MS,
      ...(body === null || body === undefined ? {} : { body }),
    })
    if (answer === 'away') throw new AwayError()
    if (answer === 'login') throw new LoginError()
    return asTusResponse(answer)
  }
  abort(): Promise<void> {
    return Promise.resolve()
  }
  getUnderlyingObject(): this {
    return this
  }
}

/** Never rejects: an address not remembered costs bytes, a rejection here would hang the upload. */
function addresses(vault: Vault) {
  const quiet = <T>(work: Promise<T>, instead: T): Promise<T> => work.catch(() => instead)
  return {
    findAllUploads: async (): Promise<PreviousUpload[]> => [],
    findUploadsByFingerprint: (sha: string): Promise<PreviousUpload[]> =>
      quiet(vault.get<PreviousUpload>(keys.upload(sha)).then((found) => (found === undefined ? [] : [found])), []),
    removeUpload: (key: string): Promise<void> =>
      quiet(vault.write([{ del: key }]).then(() => undefined), undefined),
    addUpload: (sha: string, upload: PreviousUpload): Promise<string> => {
      const key = keys.upload(sha)
      return quiet(vault.write([{ put: key, value: { ...upload, urlStorageKey: key } }]).then(() => key), key)
    },
  }
}

export async function sendFile(
  wire: Wire, vault: Vault, file: ToSend, onPiece: (sent: number) => void, piece = PIECE,
): Promise<Sent> {
  const known = await vault.get<PreviousUpload>(keys.upload(file.sha256))
  return new Promise<Sent>((done) => {
    const upload = new Upload(file.bytes as unknown as Blob, {
      endpoint: `${HERE}${API}evidence/uploads`,
      metadata: { sha256: file.sha256, mime: file.mime, insp: file.insp },
      chunkSize: piece,
      retryDelays: null,
      uploadDataDuringCreation: true,
      fingerprint: async () => file.sha256,
      storeFingerprintForResuming: true,
      urlStorage: addresses(vault),
      fileReader: {
        openFile: async (bytes: Bytes) => ({
          size: bytes.length,
          slice: async (start: number, end: number) => ({ value: bytes.slice(start, end), done: false }),
          close: () => undefined,
        }),
      },
      httpStack: {
        createRequest: (method: string, url: string) => new VaultRequest(wire, method, url),
        getName: () => 'suijian',
      },
      onChunkComplete: (_size, accepted) => onPiece(accepted),
      onSuccess: () => done({ kind: 'sent' }),
      onError: (error) => done(whatWentWrong(error)),
    })
    if (known !== undefined) upload.resumeFromPreviousUpload(known)
    upload.start()
  })
}

function whatWentWrong(error: Error | DetailedError): Sent {
  const cause = error instanceof DetailedError ? error.causingError : error
  if (cause instanceof LoginError) return { kind: 'login' }
  if (error instanceof DetailedError && error.originalResponse !== null) {
    const answer = error.originalResponse.getUnderlyingObject() as NetResponse
    const problem = problemOf(answer)
    if (problem !== undefined) return { kind: 'problem', problem }
  }
  return { kind: 'away' }
}
