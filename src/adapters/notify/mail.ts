import { createTransport } from 'nodemailer'
import { MediaError } from '../../domain/failures.ts'

export interface MailConfig {
  /** `smtp://user:password@host:587`, or `smtps://` for TLS from the first byte. */
  readonly url: string
  /** The sender, as an address or as `Name <address>`. */
  readonly from: string
}

export interface Mail {
  /** One address. */
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html?: string
  /** Becomes the Message-ID, by which mail servers and programs recognise a mail sent twice. */
  readonly idempotencyKey?: string
}

export interface Mailer {
  send(mail: Mail): Promise<{ readonly messageId: string }>
}

const TIMEOUT_MS = 10_000

/**
 * Sends mail by SMTP, one attempt a call, one connection a mail.
 * *Errors:* NOTIFICATION_REJECTED when the server refuses for good (5xx: no such recipient, wrong
 * password), NOTIFICATION_FAILED when it is down, slow or asks for patience (4xx).
 */
export function createMailer(config: MailConfig): Mailer {
  const transport = createTransport({
    url: config.url,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    // Texts come from outside; they must not be able to name a file or a URL to attach.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    send: async ({ to, subject, text, html, idempotencyKey }) => {
      try {
        const { messageId } = await transport.sendMail({
          from: config.from,
          // As an object, because a text with a comma would be taken for several recipients.
          to: { name: '', address: to },
          subject,
          text,
          ...(html === undefined ? {} : { html }),
          ...(idempotencyKey === undefined
            ? {}
            : { messageId: messageIdOf(idempotencyKey, config.from) }),
        })
        return { messageId }
      } catch (error) {
        throw mailFailure(error)
      }
    },
  }
}

const messageIdOf = (key: string, from: string): string => {
  const domain = /@([\w.-]+)>?\s*$/.exec(from)?.[1] ?? 'localhost'
  return `<${key.replace(/[^\w.-]/g, '.')}@${domain}>`
}

interface SmtpFault {
  readonly code?: string
  readonly command?: string
  readonly responseCode?: number
}

/**
 * Only codes go on record: a server's sentence repeats the recipient, and what nodemailer says about a
 * bad setting repeats the URL with its password.
 */
function mailFailure(error: unknown): MediaError {
  const fault: SmtpFault = typeof error === 'object' && error !== null ? error : {}
  const { code = 'unknown', command = 'unknown', responseCode } = fault
  // EENVELOPE without an answer: the address is not one, so no server was asked.
  const isFinal =
    responseCode === undefined ? code === 'EENVELOPE' : responseCode >= 500 && responseCode < 600
  return new MediaError(
    isFinal ? 'NOTIFICATION_REJECTED' : 'NOTIFICATION_FAILED',
    responseCode === undefined
      ? `the mail server gave no answer: ${code} at ${command}`
      : `the mail server answered ${responseCode} to ${command}`,
  )
}
