import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { withoutUrlSecrets } from '../../src/domain/redaction.ts'

describe('redaction', () => {
  it.each([
    [
      'GET https://files.test/a/b.mp4?expires=1&signature=s3cret failed',
      'GET https://files.test/a/b.mp4?… failed',
    ],
    // An apostrophe is a lawful part of a path; it must not end the address before its query.
    ["https://h.test/it's/x.mp4?signature=s3cret", "https://h.test/it's/x.mp4?…"],
    ['see "http://h.test/x?token=s3cret".', 'see "http://h.test/x?…".'],
    ['https://h.test/x#access=s3cret', 'https://h.test/x?…'],
    [
      'https://a.test/x?k=s3cret and https://b.test/y?k=s3cret',
      'https://a.test/x?… and https://b.test/y?…',
    ],
    ['POST /webhooks/tasks/eyJhIjoxfQ.s3cret-_~ 401', 'POST /webhooks/tasks/… 401'],
    [
      'https://spool.test/webhooks/tasks/abc.s3cret?x=s3cret',
      'https://spool.test/webhooks/tasks/…?…',
    ],
    ['https://spool.test/play/abc.s3cret/v/1.m4s', 'https://spool.test/play/…/v/1.m4s'],
    // A bracket may belong to the query: rather the bracket goes than a signature stays.
    ['(https://a.example/x?t=1) then', '(https://a.example/x?… then'],
    ['postgres://user:pw@db:5432/spool down', 'postgres://db:5432/spool down'],
    ['https://hooks.slack.com/services/T/B/X', 'https://hooks.slack.com/services/…'],
    ['/bot12:AA-b/sendMessage', '/bot…/sendMessage'],
    ['key whsec_abc+/= here', 'key … here'],
    ['really? yes, 50% of a@b.example', 'really? yes, 50% of a@b.example'],
  ])('%s loses what could open it', (text, redacted) => {
    expect(withoutUrlSecrets(text)).toBe(redacted)
  })

  it('leaves a text without addresses as it is', () => {
    const text = 'ffmpeg ended with 1: what? no such file #3'
    expect(withoutUrlSecrets(text)).toBe(text)
  })

  test.prop([fc.webUrl({ withQueryParameters: true }), fc.stringMatching(/^[0-9a-f]{32}$/)])(
    'no signature in a query survives, whatever the address',
    (url, signature) => {
      const signed = `${url}${url.includes('?') ? '&' : '?'}signature=${signature}`
      expect(withoutUrlSecrets(`fetching ${signed} failed`)).not.toContain(signature)
    },
  )

  test.prop([fc.webUrl({ withQueryParameters: true })])('twice is the same as once', (url) => {
    const once = withoutUrlSecrets(url)
    expect(withoutUrlSecrets(once)).toBe(once)
  })
})
