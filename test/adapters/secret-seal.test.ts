import { fc } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { createSecretSeal } from '../../src/adapters/secret-seal.ts'

const SERVER_SECRET = 'a server secret of some length'
const seal = createSecretSeal(SERVER_SECRET)

test('what was sealed opens again, in another process too', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(createSecretSeal(SERVER_SECRET).open(seal.seal(text))).toBe(text)
    }),
  )
})

test('the same secret looks different each time, and is not in it', () => {
  const [first, second] = [seal.seal('hunter2'), seal.seal('hunter2')]
  expect(first).not.toBe(second)
  expect(Buffer.from(first, 'base64url').toString('latin1')).not.toContain('hunter2')
})

test('it does not open under another secret, nor when a bit was changed', () => {
  const sealed = seal.seal('hunter2')
  expect(() => createSecretSeal('another secret of the server').open(sealed)).toThrow('INTERNAL')
  const bytes = Buffer.from(sealed, 'base64url')
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = Buffer.from(bytes)
    changed[index]! ^= 1
    expect(() => seal.open(changed.toString('base64url')), `byte ${index}`).toThrow('INTERNAL')
  }
  expect(() => seal.open('')).toThrow('INTERNAL')
})
