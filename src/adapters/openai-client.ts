import OpenAI from 'openai'
import { Agent } from 'undici'

export interface OpenaiServer {
  /** With its path, such as `https://api.openai.com/v1`. */
  readonly url: string
  /** Self-hosted servers often want none. */
  readonly apiKey: string | null
  readonly model: string
  /** Of one call, from connecting to the last byte. */
  readonly timeoutMs: number
}

/** The words of hours of speech are a tenth of this. */
const ANSWER_BYTES_MAX = 64_000_000

/**
 * The official client, tamed: it repeats nothing by itself (paid calls would be paid several times within
 * a second), writes no log, reads nothing from the environment, and no answer without end.
 */
export const createOpenaiClient = (server: OpenaiServer): OpenAI =>
  new OpenAI({
    baseURL: server.url,
    apiKey: server.apiKey ?? 'none',
    organization: null,
    project: null,
    webhookSecret: null,
    maxRetries: 0,
    timeout: server.timeoutMs,
    logLevel: 'off',
    // Node's own fetch gives up five minutes after the request, and long speech takes longer.
    fetchOptions: {
      dispatcher: new Agent({
        ...{ headersTimeout: 0, bodyTimeout: 0 },
        maxResponseSize: ANSWER_BYTES_MAX,
      }),
    },
  })
