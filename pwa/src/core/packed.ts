/** Small binary messages for QR codes: numbers by need, texts and byte strings by length. Reading never trusts. */
import * as b64url from './b64url'
import { type Bytes, concat, fromUtf8, utf8 } from './bytes'

const LARGEST = Number.MAX_SAFE_INTEGER

export class PackedWriter {
  private readonly parts: Uint8Array[] = []

  /** A whole number from 0 to 2^53 - 1, seven bits a byte. */
  number(value: number): this {
    if (!Number.isInteger(value) || value < 0 || value > LARGEST) throw new RangeError('not a whole number')
    const out: number[] = []
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128)
    out.push(rest)
    this.parts.push(Uint8Array.from(out))
    return this
  }

  /** A whole number that may be negative. */
  signed(value: number): this {
    return this.number(value < 0 ? -value * 2 - 1 : value * 2)
  }

  raw(bytes: Uint8Array): this {
    this.parts.push(bytes)
    return this
  }

  b64(text: string): this {
    return this.raw(b64url.decode(text))
  }

  text(text: string): this {
    const bytes = utf8(text)
    return this.number(bytes.length).raw(bytes)
  }

  bytes(): Bytes {
    return concat(...this.parts)
  }
}

/** Every method throws RangeError when the bytes are not what was written. */
export class PackedReader {
  private at = 0

  constructor(private readonly from: Uint8Array) {}

  number(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.raw(1)[0] ?? 0
      value += (byte & 127) * scale
      if (value > LARGEST || (byte === 0 && scale > 1)) throw new RangeError('not a whole number')
      if (byte < 128) return value
      scale *= 128
    }
  }

  signed(): number {
    const value = this.number()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  raw(length: number): Bytes {
    if (this.at + length > this.from.length) throw new RangeError('the message is too short')
    this.at += length
    return this.from.slice(this.at - length, this.at)
  }

  b64(length: number): string {
    return b64url.encode(this.raw(length))
  }

  text(most: number): string {
    const length = this.number()
    if (length > most) throw new RangeError('the text is too long')
    return this.utf8(length)
  }

  utf8(length: number): string {
    try {
      return fromUtf8(this.raw(length))
    } catch (error) {
      if (error instanceof TypeError) throw new RangeError('the text is not UTF-8')
      throw error
    }
  }

  end(): void {
    if (this.at !== this.from.length) throw new RangeError('the message is too long')
  }
}
