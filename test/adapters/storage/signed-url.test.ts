import { describe, expect, it } from 'vitest'

import { createUrlSigner } from '../../../src/adapters/storage/signed-url.ts'

const secret = 'a secret of at least thirty-two bytes'
const publicUrl = 'https://media.example'
let nowMs = 1_700_000_000_000
const signer = createUrlSigner({ publicUrl, secret, nowMs: () => nowMs })

/** What a route sees of such a URL. */
const requestOf = (url: string, method = 'GET') => {
  const { pathname, searchParams } = new URL(url)
  return {
    method,
    key: pathname.replace('/files/', ''),
    query: Object.fromEntries(searchParams) as Record<string, unknown>,
  }
}
const getUrl = (expiresInSeconds = 60) => signer.signGet('a/b.mp4', { expiresInSeconds })
const putUrl = () =>
  signer.signPut('a/b', { expiresInSeconds: 60, contentType: 'audio/mpeg', maxBytes: 1_000 })

describe('a signed URL', () => {
  it('lets its holder read that object, also by HEAD', () => {
    const grant = { valid: true, grant: { key: 'a/b.mp4' } }
    expect(getUrl()).toMatch(/^https:\/\/media\.example\/files\/a\/b\.mp4\?expires=\d+&signature=/)
    expect(signer.verify(requestOf(getUrl()))).toEqual(grant)
    expect(signer.verify(requestOf(getUrl(), 'HEAD'))).toEqual(grant)
  })

  it('carries the name for a download', () => {
    const url = signer.signGet('a', { expiresInSeconds: 60, downloadName: 'Où? & "quand".mp4' })
    expect(signer.verify(requestOf(url))).toEqual({
      valid: true,
      grant: { key: 'a', downloadName: 'Où? & "quand".mp4' },
    })
  })

  it('says how much of what may be put', () => {
    expect(signer.verify(requestOf(putUrl(), 'PUT'))).toEqual({
      valid: true,
      grant: { key: 'a/b', contentType: 'audio/mpeg', maxBytes: 1_000 },
    })
  })

  it('ends at its time, and a moved end is a forgery', () => {
    const request = requestOf(getUrl(60))
    nowMs += 59_000
    expect(signer.verify(request).valid).toBe(true)
    nowMs += 1_000
    expect(signer.verify(request)).toEqual({ valid: false, reason: 'expired' })
    const moved = { ...request, query: { ...request.query, expires: '99999999999' } }
    expect(signer.verify(moved)).toEqual({ valid: false, reason: 'forged' })
  })

  it.each([
    ['read where only a put is signed', { ...requestOf(putUrl()), method: 'GET' }],
    ['put where only a read is signed', requestOf(getUrl(), 'PUT')],
    ['read another object', { ...requestOf(getUrl()), key: 'a/c.mp4' }],
    [
      'put more',
      {
        ...requestOf(putUrl(), 'PUT'),
        query: { ...requestOf(putUrl(), 'PUT').query, maxBytes: '9999999' },
      },
    ],
    [
      'put another type',
      {
        ...requestOf(putUrl(), 'PUT'),
        query: { ...requestOf(putUrl(), 'PUT').query, contentType: 'text/html' },
      },
    ],
    [
      'lift the limit',
      {
        ...requestOf(putUrl(), 'PUT'),
        query: { ...requestOf(putUrl(), 'PUT').query, maxBytes: '' },
      },
    ],
    [
      'cut the signature short',
      { ...requestOf(getUrl()), query: { ...requestOf(getUrl()).query, signature: 'AA' } },
    ],
  ])('does not let its holder %s', (_what, request) => {
    expect(signer.verify(request)).toEqual({ valid: false, reason: 'forged' })
  })

  it.each([
    ['no signature', { expires: '99999999999' }],
    ['no end', { signature: 'AAAA' }],
    ['a signature twice', { expires: '99999999999', signature: ['a', 'b'] }],
    ['an end twice', { expires: ['1', '99999999999'], signature: 'AAAA' }],
    ['an end that is no number', { expires: 'Infinity', signature: 'AAAA' }],
  ])('with %s is malformed', (_what, query) => {
    const verdict = signer.verify({ method: 'GET', key: 'a/b.mp4', query })
    expect(verdict).toEqual({ valid: false, reason: 'malformed' })
  })

  it('of another secret is worth nothing', () => {
    const other = createUrlSigner({ publicUrl, secret: secret.toUpperCase(), nowMs: () => nowMs })
    const forged = other.signGet('a/b.mp4', { expiresInSeconds: 60 })
    expect(signer.verify(requestOf(forged))).toEqual({ valid: false, reason: 'forged' })
  })

  it('is not made with a secret that could be guessed', () => {
    expect(() => createUrlSigner({ publicUrl, secret: 'short' })).toThrow('32 bytes')
  })
})
