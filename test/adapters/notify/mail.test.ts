import { afterEach, describe, expect, test } from 'vitest'
import { createMailer } from '../../../src/adapters/notify/mail.ts'
import { closedPort } from '../../support/fake-http-service.ts'
import { smtpRefusal, startFakeSmtp, type FakeSmtp } from '../../support/fake-smtp.ts'

const FROM = 'Spool <spool@media.example.com>'
const MAIL = { to: 'musician@example.org', subject: 'Your video is ready', text: 'Have a look.' }

let smtp: FakeSmtp | undefined
afterEach(async () => {
  await smtp?.close()
  smtp = undefined
})

describe('mail', () => {
  test('arrives with sender, recipient, subject, text and HTML', async () => {
    smtp = await startFakeSmtp()
    const mailer = createMailer({ url: `smtp://127.0.0.1:${smtp.port}`, from: FROM })
    await mailer.send({ ...MAIL, subject: 'Dein Vidéo 動画', html: '<p>Have a <b>look</b>.</p>' })
    expect(smtp.mails).toHaveLength(1)
    const [mail] = smtp.mails
    expect(mail).toMatchObject({ from: 'spool@media.example.com', to: ['musician@example.org'] })
    expect(mail?.source).toContain('Have a look.')
    expect(mail?.source).toContain('<p>Have a <b>look</b>.</p>')
    expect(mail?.source).toMatch(/^From: Spool <spool@media\.example\.com>/m)
    expect(mail?.source).toMatch(/^Subject: =\?UTF-8\?/m)
  })

  test('a retry carries the same Message-ID', async () => {
    smtp = await startFakeSmtp()
    const mailer = createMailer({ url: `smtp://127.0.0.1:${smtp.port}`, from: FROM })
    const mail = { ...MAIL, idempotencyKey: 'exec_1:notify' }
    const first = await mailer.send(mail)
    expect(await mailer.send(mail)).toEqual(first)
    expect(first.messageId).toBe('<exec_1.notify@media.example.com>')
    for (const { source } of smtp.mails) expect(source).toContain(first.messageId)
  })

  test('neither a comma in the address nor a line break in the subject adds a recipient', async () => {
    smtp = await startFakeSmtp()
    const mailer = createMailer({ url: `smtp://127.0.0.1:${smtp.port}`, from: FROM })
    await mailer.send({ ...MAIL, subject: 'Hi\r\nBcc: victim@example.net' })
    await mailer.send({ ...MAIL, to: 'a@example.org, victim@example.net' }).catch(() => {})
    for (const mail of smtp.mails) {
      expect(mail.to).toHaveLength(1)
      expect(mail.source).not.toMatch(/^Bcc:/im)
      expect(mail.to).not.toContain('victim@example.net')
    }
    expect(smtp.mails.length).toBeGreaterThan(0)
  })

  test('a recipient refused with 550 is final, and the error does not repeat the address', async () => {
    smtp = await startFakeSmtp({
      onRcptTo: ({ address }, _session, done) => done(smtpRefusal(550, `No such user ${address}`)),
    })
    const mailer = createMailer({ url: `smtp://127.0.0.1:${smtp.port}`, from: FROM })
    const error = await mailer.send(MAIL).catch((thrown: Error) => thrown)
    expect(error).toMatchObject({ code: 'NOTIFICATION_REJECTED' })
    expect(String(error)).toContain('550')
    expect(String(error)).not.toContain(MAIL.to)
  })

  test('greylisting (451) is worth a retry', async () => {
    smtp = await startFakeSmtp({
      onRcptTo: (_address, _session, done) => done(smtpRefusal(451, 'Try again later')),
    })
    const mailer = createMailer({ url: `smtp://127.0.0.1:${smtp.port}`, from: FROM })
    await expect(mailer.send(MAIL)).rejects.toMatchObject({ code: 'NOTIFICATION_FAILED' })
  })

  test('the login is used, and a wrong one is final and in no error', async () => {
    smtp = await startFakeSmtp({
      authOptional: false,
      onAuth: ({ username, password }, _session, done) =>
        username === 'spool' && password === 'right'
          ? done(null, { user: username })
          : done(smtpRefusal(535, 'Authentication failed')),
    })
    const at = `127.0.0.1:${smtp.port}`
    await createMailer({ url: `smtp://spool:right@${at}`, from: FROM }).send(MAIL)
    expect(smtp.mails).toHaveLength(1)
    const failing = createMailer({ url: `smtp://spool:wrong-secret@${at}`, from: FROM }).send(MAIL)
    const error = await failing.catch((thrown: Error) => thrown)
    expect(error).toMatchObject({ code: 'NOTIFICATION_REJECTED' })
    expect(String(error)).not.toContain('wrong-secret')
  })

  test('a server that is down is worth a retry', async () => {
    const url = `smtp://spool:some-secret@127.0.0.1:${await closedPort()}`
    const error = await createMailer({ url, from: FROM })
      .send(MAIL)
      .catch((thrown: Error) => thrown)
    expect(error).toMatchObject({ code: 'NOTIFICATION_FAILED' })
    expect(String(error)).not.toContain('some-secret')
  })
})
