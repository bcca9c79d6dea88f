import { expect, it } from 'vitest'
import { checkBody } from '@/core/events'
import { freshInstallation } from './phone'

it('names an installation so that the log takes it, whatever the first random byte is', () => {
  for (let first = 0; first < 256; first += 1) {
    const installation = freshInstallation({ bytes: (length) => new Uint8Array(length).fill(first) })
    const body = { salt: 'AAAAAAAAAAAAAAAA', spki: 'AA', installation, user: 'u1', agency: 'a1', app: '0.1.0' }
    expect(checkBody('dev.genesis', body).filter((fault) => fault.includes('installation'))).toEqual([])
  }
})
