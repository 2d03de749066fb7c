import { afterEach, expect, test, vi } from 'vitest'
import { createLiveTickets } from '../../src/adapters/live-tickets.ts'
import { createPlaybackToken } from '../../src/adapters/storage/playback-token.ts'

const SECRET = 's'.repeat(32)
const tickets = createLiveTickets(SECRET)

afterEach(() => void vi.useRealTimers())

const refused = expect.objectContaining({ code: 'UNAUTHENTICATED' }) as Error

test('a ticket names its key for a minute and no longer', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 })
  const { ticket, expiresAt } = tickets.issue('key_12345678')
  expect(expiresAt.getTime()).toBe(1_060_000)
  vi.setSystemTime(1_059_999)
  expect(tickets.read(ticket)).toEqual({ keyId: 'key_12345678' })
  vi.setSystemTime(1_060_000)
  expect(() => tickets.read(ticket)).toThrow(refused)
})

test('a ticket is a protocol of a WebSocket as it stands', () => {
  expect(tickets.issue('key_12345678').ticket).toMatch(/^[\w.-]{60,200}$/)
})

test('what another secret signed, or this one for another purpose, is no ticket', () => {
  const { ticket } = tickets.issue('key_12345678')
  expect(() => createLiveTickets('t'.repeat(32)).read(ticket)).toThrow(refused)
  const expiresAtMs = Date.now() + 60_000
  const token = createPlaybackToken({ folderKey: 'key_12345678', expiresAtMs, secret: SECRET })
  expect(() => tickets.read(token)).toThrow(refused)
  expect(() => tickets.read(`${ticket}x`)).toThrow(refused)
})
