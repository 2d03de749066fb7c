import { describe, expect, test } from 'vitest'
import { withoutUrlSecrets } from '../../../src/adapters/notify/alert-text.ts'

describe('alert texts', () => {
  test.each([
    ['https://s3.example.com/b/a.mp4?X-Amz-Signature=abc', 'https://s3.example.com/b/a.mp4'],
    ['(https://a.example/x?t=1) then', '(https://a.example/x) then'],
    ['"http://a.example/x#token=1"', '"http://a.example/x"'],
    ['postgres://user:pw@db:5432/spool down', 'postgres://db:5432/spool down'],
    ['http://api/webhooks/tasks/abc.def failed', 'http://api/webhooks/tasks/[redacted] failed'],
    ['https://hooks.slack.com/services/T/B/X', 'https://hooks.slack.com/services/[redacted]'],
    ['/bot12:AA-b/sendMessage', '/bot[redacted]/sendMessage'],
    ['key whsec_abc+/= here', 'key [redacted] here'],
    ['really? yes, 50% of a@b.example', 'really? yes, 50% of a@b.example'],
  ])('%s is shown as %s', (text, shown) => {
    expect(withoutUrlSecrets(text)).toBe(shown)
  })
})
