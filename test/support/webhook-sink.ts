import { Webhook } from 'standardwebhooks'
import { eventually } from './eventually.ts'
import { startFakeHttpService } from './fake-http-service.ts'

/** An event as a customer's server has received and verified it. */
export interface ReceivedEvent {
  readonly id: string
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

/** A customer's server for webhooks. */
export interface WebhookSink {
  /** `host:port`, for the list of private hosts that are allowed. */
  readonly host: string
  readonly url: string
  /** Every event so far, each verified with the library of Standard Webhooks; throws on a bad one. */
  readonly events: (secret: string) => ReceivedEvent[]
  /** Waits for an event about this execution. */
  readonly eventOf: (secret: string, executionId: string) => Promise<ReceivedEvent>
  readonly close: () => Promise<void>
}

export const startWebhookSink = async (): Promise<WebhookSink> => {
  const service = await startFakeHttpService(() => ({ status: 204 }))
  const events = (secret: string): ReceivedEvent[] =>
    service.requests.map(({ body, headers }) => {
      const verified = new Webhook(secret).verify(body, headers as Record<string, string>)
      const event = verified as Omit<ReceivedEvent, 'id'>
      return { ...event, id: String(headers['webhook-id']) }
    })
  return {
    host: `127.0.0.1:${service.port}`,
    url: `${service.baseUrl}/hooks`,
    events,
    eventOf: (secret, executionId) =>
      eventually(() => {
        const found = events(secret).find(({ data }) => data['executionId'] === executionId)
        if (found === undefined) throw new Error(`no webhook about ${executionId} has come`)
        return found
      }),
    close: service.close,
  }
}
