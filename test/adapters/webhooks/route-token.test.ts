import { fc } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { createRouteToken, readRouteToken } from '../../../src/adapters/webhooks/route-token.ts'
import { MediaError } from '../../../src/domain/failures.ts'

const SECRET = 'a server secret of some length'
const NOW_MS = 1_795_000_000_000
const ROUTE = {
  workflowId: 'render-vid_V1StGXR8_Z5jdHi6B-myT',
  executionId: 'exec_V1StGXR8_Z5jdHi6B-myT',
  step: 'remoteRender',
  sender: 'local',
  expiresAtMs: NOW_MS + 1000,
}
const TOKEN = createRouteToken({ secret: SECRET, ...ROUTE })

const isRefused = (token: string, secret = SECRET, nowMs = NOW_MS): boolean => {
  try {
    readRouteToken({ secret, token, nowMs })
    return false
  } catch (error) {
    if (error instanceof MediaError && error.code === 'UNAUTHENTICATED') return true
    throw error
  }
}

describe('a route token', () => {
  test('names workflow, execution, step and sender again', () => {
    expect(readRouteToken({ secret: SECRET, token: TOKEN, nowMs: NOW_MS })).toEqual(ROUTE)
    expect(TOKEN).toBe(encodeURIComponent(TOKEN))
    expect(TOKEN.length).toBeLessThan(250)
  })

  test('carries any text through a URL', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (step) => {
        const token = createRouteToken({ secret: SECRET, ...ROUTE, step })
        expect(token).toBe(encodeURIComponent(token))
        expect(readRouteToken({ secret: SECRET, token, nowMs: NOW_MS })).toEqual({ ...ROUTE, step })
      }),
    )
  })

  test('ends when it expires, and with a clock that is not a number', () => {
    expect(isRefused(TOKEN, SECRET, ROUTE.expiresAtMs - 1)).toBe(false)
    expect(isRefused(TOKEN, SECRET, ROUTE.expiresAtMs)).toBe(true)
    expect(isRefused(TOKEN, SECRET, Number.NaN)).toBe(true)
  })

  test('is refused with another secret', () => {
    expect(isRefused(TOKEN, 'another secret')).toBe(true)
  })

  test('cannot be assembled from the parts of two tokens', () => {
    const other = createRouteToken({ secret: SECRET, ...ROUTE, step: 'cropAudio' })
    expect(isRefused(`${TOKEN.split('.')[0]}.${other.split('.')[1]}`)).toBe(true)
  })

  test('is refused with any character changed, added or missing, in any spelling', () => {
    for (let index = 0; index < TOKEN.length; index += 1) {
      for (const character of 'A_z9-.=') {
        const changed = TOKEN.slice(0, index) + character + TOKEN.slice(index + 1)
        expect(changed === TOKEN || isRefused(changed)).toBe(true)
        expect(isRefused(TOKEN.slice(0, index) + character + TOKEN.slice(index))).toBe(true)
      }
      expect(isRefused(TOKEN.slice(0, index) + TOKEN.slice(index + 1))).toBe(true)
    }
    for (const odd of [
      '',
      '.',
      'a.b',
      `${TOKEN}\n`,
      ` ${TOKEN}`,
      `${TOKEN}.`,
      'x'.repeat(100_000),
    ]) {
      expect(isRefused(odd)).toBe(true)
    }
  })

  test('random texts of the right shape are refused', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\w-]{1,100}\.[\w-]{43}$/), (token) => {
        expect(isRefused(token)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('an empty secret signs nothing', () => {
    expect(() => createRouteToken({ secret: '', ...ROUTE })).toThrow(
      expect.objectContaining({ code: 'INTERNAL' }),
    )
  })
})
