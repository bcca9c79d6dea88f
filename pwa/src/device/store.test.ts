import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { sameBytes, utf8 } from './bytes'
import { IdbDisk } from './disk'
import { People, pinIsWeak, PIN_TRIES } from './people'
import { makeKeys, signerOf, verifies } from './signer'
import { Dice, vaultKey } from './testing/memory'
import { CHUNK, Vault, VaultClosed, VaultDamaged } from './vault'

let name = 0
let disk: IdbDisk
let vault: Vault
const dice = new Dice(7)

beforeEach(async () => {
  disk = new IdbDisk(`store-${name++}`)
  vault = new Vault(disk, 'devA', await vaultKey(dice.bytes(32)), dice)
})

describe('the vault on IndexedDB', () => {
  it('gives back what was put, and nothing readable lies on the disk', async () => {
    expect(await vault.write([{ put: 'note', value: { text: '疏散通道堆放杂物' } }])).toBe('done')
    expect(await vault.get('note')).toEqual({ text: '疏散通道堆放杂物' })
    const row = await disk.get('facts', 'devA/note')
    expect(new TextDecoder().decode(row?.data)).not.toContain('疏散')
  })

  it('opens no value that was moved under another key, and none of an older revision', async () => {
    await vault.write([{ put: 'a', value: 1 }])
    const first = await disk.get('facts', 'devA/a')
    await vault.write([{ put: 'a', value: 2 }])
    if (first === undefined) throw new Error('the row is there')
    await disk.commit([{ store: 'facts', put: { ...first, key: 'devA/b' } }])
    await expect(vault.kept('b')).rejects.toBeInstanceOf(VaultDamaged)
    await disk.commit([{ store: 'facts', put: { ...first, rev: 2 } }])
    await expect(vault.kept('a')).rejects.toBeInstanceOf(VaultDamaged)
  })

  it('keeps bytes in chunks of at most one MiB and refuses to hand out half a file', async () => {
    const data = new Uint8Array(CHUNK * 2 + 5).map((_, i) => i % 251)
    await vault.write([{ bytes: 'f', data }])
    expect(await disk.keys('bytes', 'devA/f/')).toHaveLength(3)
    const back = await vault.bytes('f', data.length)
    expect(back !== undefined && sameBytes(back, data)).toBe(true)
    await disk.commit([{ store: 'bytes', del: 'devA/f/00001' }])
    expect(await vault.bytes('f', data.length)).toBeUndefined()
  })

  it('writes all of a commit or nothing', async () => {
    await vault.write([{ put: 'n', value: 1 }])
    const outcome = await vault.write([{ put: 'other', value: 1 }, { put: 'n', value: 2, expect: 7 }])
    expect(outcome).toBe('stale')
    expect(await vault.get('other')).toBeUndefined()
    expect(await vault.get('n')).toBe(1)
  })

  it('asks for every expectation before it keeps a write, and puts nothing over a row that must not be there', async () => {
    const row = (key: string, rev: number) => ({ store: 'facts' as const, put: { key, rev, iv: new ArrayBuffer(12), data: new ArrayBuffer(1) } })
    const at = (key: string, rev: number) => ({ store: 'facts' as const, key, rev })
    expect(await disk.commit([row('a', 1), row('b', 1)], [at('a', 0), at('b', 0)])).toBe('done')
    const refused = [
      await disk.commit([row('a', 2), row('c', 1)], [at('a', 1), at('b', 7), at('c', 0)]),
      await disk.commit([row('c', 1), row('a', 2), row('b', 1)], [at('a', 1), at('b', 0)]),
      await disk.commit([row('c', 1)], [at('c', 0), at('b', 0)]),
    ]
    expect(refused).toEqual(['stale', 'stale', 'stale'])
    expect([(await disk.get('facts', 'a'))?.rev, (await disk.get('facts', 'b'))?.rev, await disk.get('facts', 'c')]).toEqual([1, 1, undefined])
  })

  it('takes two changes of one row in one commit, also of a new one', async () => {
    expect(await vault.write([{ put: 'new', value: 1 }, { put: 'new', value: 2 }])).toBe('done')
    expect(await vault.get('new')).toBe(2)
    expect(await vault.write([{ put: 'other', value: 1 }, { del: 'other' }])).toBe('done')
    expect(await vault.get('other')).toBeUndefined()
  })

  it('survives a dead database handle in the middle of the work', async () => {
    await vault.write([{ put: 'n', value: 1 }])
    const inside = disk as unknown as { opening: Promise<{ close(): void }> }
    ;(await inside.opening).close()
    expect(await vault.get('n')).toBe(1)
    ;(await inside.opening).close()
    expect(await vault.write([{ put: 'n', value: 2 }])).toBe('done')
    expect(await vault.get('n')).toBe(2)
  })

  it('says full for a photo that does not fit, keeps what was there, and takes small writes after it', async () => {
    await vault.write([{ put: 'n', value: 1 }])
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(() => {
      throw new DOMException('', 'QuotaExceededError')
    })
    expect(await vault.write([{ bytes: 'photo', data: new Uint8Array(10) }, { put: 'file/photo', value: {} }])).toBe('full')
    put.mockRestore()
    expect(await vault.get('file/photo')).toBeUndefined()
    expect(await vault.write([{ put: 'n', value: 2 }])).toBe('done')
    expect(await vault.get('n')).toBe(2)
  })

  it('one vault opens nothing of another person', async () => {
    await vault.write([{ put: 'secret', value: 'A' }])
    const other = new Vault(disk, 'devB', await vaultKey(dice.bytes(32)), dice)
    expect(await other.get('secret')).toBeUndefined()
    const wrongKey = new Vault(disk, 'devA', await vaultKey(dice.bytes(32)), dice)
    await expect(wrongKey.kept('secret')).rejects.toBeInstanceOf(VaultDamaged)
    expect(await wrongKey.get('secret')).toBeUndefined()
    expect([...wrongKey.damaged]).toEqual(['secret'])
  })

  it('one damaged row hides nothing else, is named, and is not overwritten by reading', async () => {
    await vault.write([{ put: 'ev/a', value: 1 }, { put: 'ev/b', value: 2 }, { bytes: 'f', data: new Uint8Array(9) }])
    for (const [store, key] of [['facts', 'devA/ev/a'], ['bytes', 'devA/f/00000']] as const) {
      const row = await disk.get(store, key)
      if (row === undefined) throw new Error('the row is there')
      const data = row.data.slice(0)
      new Uint8Array(data)[0] = (new Uint8Array(data)[0] ?? 0) ^ 1
      await disk.commit([{ store, put: { ...row, data } }])
    }
    expect((await vault.list('ev/')).map(({ key }) => key)).toEqual(['ev/b'])
    expect(await vault.bytes('f', 9)).toBeUndefined()
    expect([...vault.damaged].sort()).toEqual(['ev/a', 'f/00000'])
    expect(await vault.keys('ev/')).toEqual(['ev/a', 'ev/b'])
  })

  it('a closed vault gives nothing and takes nothing', async () => {
    await vault.write([{ put: 'n', value: 1 }])
    vault.close()
    await expect(vault.get('n')).rejects.toBeInstanceOf(VaultClosed)
    await expect(vault.write([{ put: 'n', value: 2 }])).rejects.toBeInstanceOf(VaultClosed)
  })
})

describe('people and their PINs', () => {
  async function enrolled(pin = '135790') {
    const people = new People(disk, dice, 1_000)
    const installation = await people.installation(() => 'inst')
    const { keys, spki } = await makeKeys()
    const who = { dev: 'devP', user: 'u1', name: '程甲', agencyName: '某大队', keys, spki }
    const { vault: made } = await people.add(who, pin, installation)
    await made.write([{ put: 'own', value: '证据' }])
    return { people, installation, keys }
  }

  it('the right PIN opens the vault, also after a restart', async () => {
    const { installation } = await enrolled()
    const again = new People(disk, dice, 1_000)
    const opened = await again.unlock('devP', '135790', installation)
    expect(opened.ok && (await opened.vault.get('own'))).toBe('证据')
  })

  it('ten wrong PINs lock until online, the right one included, and nothing is wiped', async () => {
    const { people, installation } = await enrolled()
    for (let left = PIN_TRIES - 1; left >= 0; left--) {
      const refused = await people.unlock('devP', '000001', installation)
      expect(refused).toMatchObject({ ok: false, left, reason: left > 0 ? 'wrong_pin' : 'locked_until_online' })
    }
    expect(await people.unlock('devP', '135790', installation)).toMatchObject({ ok: false, reason: 'locked_until_online' })
    await people.forgive('devP')
    const opened = await people.unlock('devP', '135790', installation)
    expect(opened.ok && (await opened.vault.get('own'))).toBe('证据')
  })

  it('a right PIN forgives the wrong ones before it', async () => {
    const { people, installation } = await enrolled()
    for (let i = 0; i < 9; i++) await people.unlock('devP', '000001', installation)
    expect((await people.unlock('devP', '135790', installation)).ok).toBe(true)
    expect(await people.unlock('devP', '000001', installation)).toMatchObject({ left: PIN_TRIES - 1 })
  })

  it('a record copied to another installation opens with no PIN', async () => {
    const { people } = await enrolled()
    const secret = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    expect((await people.unlock('devP', '135790', { id: 'x', secret })).ok).toBe(false)
  })

  it('keeps a signing key that cannot be exported and still signs after being read back', async () => {
    const { people, keys } = await enrolled()
    const person = await people.find('devP')
    if (person === undefined) throw new Error('the person is there')
    await expect(crypto.subtle.exportKey('pkcs8', person.keys.privateKey)).rejects.toThrow()
    const message = utf8('x')
    expect(await verifies(keys.publicKey, await signerOf(person.keys).sign(message), message)).toBe(true)
  })

  it.each(['12345', '123456', '654321', '111111', 'abcdef', '１２３４５６'])('calls %s a weak PIN', (pin) => {
    expect(pinIsWeak(pin)).toBe(true)
  })
  it('takes an ordinary PIN', () => {
    expect(pinIsWeak('135790')).toBe(false)
  })
})
