/** API keys: how they look, how they are made, and how they are recognised. */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { base62 } from './base62.ts'

const PREFIX = 'spool_'
const SECRET_BYTES = 32
/** 62^43 > 256^32: always wide enough, so keys have one length. */
const SECRET_LENGTH = 43
const CHECKSUM_LENGTH = 6
const START_LENGTH = PREFIX.length + 4
const KEY_PATTERN = new RegExp(`^${PREFIX}[0-9A-Za-z]{${SECRET_LENGTH + CHECKSUM_LENGTH}}$`)

const checksumOf = (body: string): string =>
  base62(createHash('sha256').update(`spool-key:${body}`).digest().subarray(0, 4), CHECKSUM_LENGTH)

/** A fast hash is enough: there are 256 random bits in a key. */
export const hashApiKey = (key: string): string => createHash('sha256').update(key).digest('hex')

/** What is kept of a key: enough to know it again, and as much as its owner may see of it later. */
export const keptOfApiKey = (
  key: string,
): { readonly keyHash: string; readonly keyStart: string } => ({
  keyHash: hashApiKey(key),
  keyStart: key.slice(0, START_LENGTH),
})

/**
 * A new key: `spool_`, 256 random bits in base 62, and a checksum by which a mistyped key is refused
 * without a look-up and secret scanners know a real one.
 */
export const makeApiKey = (): ReturnType<typeof keptOfApiKey> & { readonly key: string } => {
  const body = `${PREFIX}${base62(randomBytes(SECRET_BYTES), SECRET_LENGTH)}`
  const key = `${body}${checksumOf(body)}`
  return { key, ...keptOfApiKey(key) }
}

/**
 * Whether a key was mistyped or made up: it looks like one of `makeApiKey`, but its checksum is wrong.
 * Keys that were made elsewhere (the one under which Spool renders for itself) have none to check.
 */
export const isMistyped = (key: string): boolean =>
  KEY_PATTERN.test(key) &&
  checksumOf(key.slice(0, -CHECKSUM_LENGTH)) !== key.slice(-CHECKSUM_LENGTH)

/** The token of an `Authorization: Bearer` header. */
export const bearerToken = (header: string | undefined): string | null =>
  /^Bearer ([\x21-\x7e]{1,512})$/i.exec(header ?? '')?.[1] ?? null

/** Compares a secret with the hash of the right one, in the same time for every wrong one. */
export const matchesHash = (secret: string, hash: string): boolean => {
  const expected = Buffer.from(hash, 'hex')
  const given = Buffer.from(hashApiKey(secret), 'hex')
  return expected.length === given.length && timingSafeEqual(expected, given)
}
