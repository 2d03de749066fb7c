import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fakeMediaFile } from './fake-model-media.ts'

/** What goes wrong with an answer: `cut` says nothing and hangs up, `hangs` says nothing, `page` is HTML with
 * a good status, `truncated` breaks off within the JSON, `huge` does not end, a number is a status. */
export type FakeFault = 'cut' | 'hangs' | 'page' | 'truncated' | 'huge' | number

/** How a provider behaves towards an order; whatever is missing it does well. */
export interface FakeScript {
  /** How it takes the order. `loses` takes it and hangs up; `hides` takes it and never answers; of the
   * faults only those with a good status have taken it. */
  readonly order?: 'loses' | 'hides' | FakeFault
  /** For how many orders `order` holds; then they are taken well. All of them unless told. */
  readonly times?: number
  /** With a status. */
  readonly retryAfterSeconds?: number
  /** `rejects`: the input is to blame; `runs`: it never ends; `empty`: done, and nothing was made. */
  readonly work?: 'completes' | 'fails' | 'rejects' | 'runs' | 'empty'
  readonly workMs?: number
  /** How it answers when it is asked for the job. */
  readonly asked?: FakeFault
  readonly askedTimes?: number
  /** At the end unless told. */
  readonly webhook?: 'never' | 'before the answer'
  /** What was made, in the provider's own form, instead of what would have been. */
  readonly output?: unknown
}

/** One accepted order: what the provider would charge for. */
export interface FakeOrder {
  readonly id: string
  readonly model: string
  readonly input: Readonly<Record<string, unknown>>
  readonly reference: string | null
  readonly webhookUrl: string | null
  readonly acceptedAtMs: number
  status: 'processing' | 'completed' | 'failed' | 'canceled'
}

export interface FakeRequest {
  readonly method: string
  /** With its query. */
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
  /** When it came. */
  readonly atMs: number
}

export type FakeReply =
  | {
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      /** Bytes as they are; anything else as JSON. */
      readonly body?: unknown
    }
  | FakeFault

/** A provider on loopback, for better or for worse. */
export interface FakeProvider {
  readonly baseUrl: string
  readonly apiKey: string
  /** The provider's invoice: only ever appended to. */
  readonly orders: readonly FakeOrder[]
  readonly requests: readonly FakeRequest[]
  /** By a text in the order's body; '' is for all that have no other. */
  readonly scripts: Map<string, FakeScript>
  /** From now on the key is not known. */
  revokeKey(): void
  /** Sends the webhook of an order, or a changed one. Returns the receiver's status. */
  sendWebhook(order: FakeOrder, changes?: FakeWebhookChanges): Promise<number>
  close(): Promise<void>
}

export interface FakeWebhookChanges {
  readonly url?: string
  /** Signed by somebody else. */
  readonly isForged?: boolean
  readonly timestampSeconds?: number
}

export interface SignedWebhook {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What the dialects of the fakes work with. */
export interface FakeDesk {
  readonly baseUrl: string
  readonly orders: readonly FakeOrder[]
  /** Takes an order as its script has it. */
  take(
    order: Pick<FakeOrder, 'model' | 'input'> &
      Partial<Pick<FakeOrder, 'reference' | 'webhookUrl'>>,
    answer: (order: FakeOrder, script: FakeScript) => Promise<FakeReply> | FakeReply,
  ): Promise<FakeReply>
  /** Tells of a job as its script has it. */
  tell(order: FakeOrder, answer: (script: FakeScript) => FakeReply): FakeReply
  scriptOf(order: Pick<FakeOrder, 'input'>): FakeScript
  isKeyGood(): boolean
}

/** How a provider speaks. */
export interface FakeDialect {
  readonly apiKey: string
  readonly idLength?: number
  answer(request: FakeRequest, desk: FakeDesk): Promise<FakeReply> | FakeReply
  /** The webhook of a job that has ended; missing: there are none. */
  webhook?(order: FakeOrder, desk: FakeDesk, changes: FakeWebhookChanges): SignedWebhook
}

export const startFakeProvider = async (dialect: FakeDialect): Promise<FakeProvider> => {
  const state = {
    orders: [] as FakeOrder[],
    requests: [] as FakeRequest[],
    scripts: new Map<string, FakeScript>(),
    uses: new Map<FakeScript, { ordered: number; asked: number }>(),
    timers: new Set<NodeJS.Timeout>(),
    isKeyGood: true,
  }
  let desk: FakeDesk
  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch((error: unknown) => outgoing.destroy(error as Error))
  })
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const request = {
      atMs: Date.now(),
      method: incoming.method ?? '',
      url: new URL(incoming.url ?? '/', desk.baseUrl),
      headers: incoming.headers,
      body: await bytesOf(incoming),
    }
    state.requests.push(request)
    const file = /^\/files\/([\w.-]+)$/.exec(request.url.pathname)?.[1]
    const found = file === undefined ? null : await fakeMediaFile(file)
    if (found !== null) {
      outgoing.writeHead(200, { 'content-type': found.contentType }).end(found.bytes)
      return
    }
    reply(outgoing, await dialect.answer(request, desk))
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const sendWebhook = async (
    order: FakeOrder,
    changes: FakeWebhookChanges = {},
  ): Promise<number> => {
    const url = changes.url ?? order.webhookUrl
    const signed = dialect.webhook?.(order, desk, changes)
    if (url === null || signed === undefined) throw new Error('there is no webhook to send')
    const { status } = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...signed.headers },
      body: signed.body,
    })
    return status
  }

  const scriptOf: FakeDesk['scriptOf'] = ({ input }) => {
    const text = JSON.stringify(input)
    const key = [...state.scripts.keys()].find((mark) => mark !== '' && text.includes(mark))
    return state.scripts.get(key ?? '') ?? {}
  }

  /** Whether a fault of the script still holds. */
  const isDue = (script: FakeScript, what: 'ordered' | 'asked', timesMax = Infinity): boolean => {
    const uses = state.uses.get(script) ?? { ordered: 0, asked: 0 }
    state.uses.set(script, uses)
    uses[what] += 1
    return uses[what] <= timesMax
  }

  const finish = async (order: FakeOrder, script: FakeScript): Promise<void> => {
    if (order.status !== 'processing') return
    const isBad = script.work === 'fails' || script.work === 'rejects'
    order.status = isBad ? 'failed' : 'completed'
    if (order.webhookUrl === null || dialect.webhook === undefined) return
    // Whoever does not listen any more has only himself to blame; he may ask.
    if (script.webhook !== 'never') await sendWebhook(order).catch(() => undefined)
  }

  const work = async (order: FakeOrder, script: FakeScript): Promise<void> => {
    if (script.work === 'runs') return
    if (script.webhook === 'before the answer') return await finish(order, script)
    if (order.webhookUrl === null && (script.workMs ?? 0) === 0) return await finish(order, script)
    const timer = setTimeout(() => {
      state.timers.delete(timer)
      void finish(order, script)
    }, script.workMs ?? 0)
    state.timers.add(timer)
  }

  desk = {
    baseUrl,
    orders: state.orders,
    scriptOf,
    isKeyGood: () => state.isKeyGood,
    take: async (given, answer) => {
      const script = scriptOf(given)
      const fault =
        script.order !== undefined && isDue(script, 'ordered', script.times) ? script.order : null
      if (fault === 'cut' || fault === 'hangs') return fault
      if (typeof fault === 'number') return statusReply(fault, script)
      const order: FakeOrder = {
        id: randomBytes((dialect.idLength ?? 26) / 2).toString('hex'),
        reference: null,
        webhookUrl: null,
        ...given,
        acceptedAtMs: Date.now(),
        status: 'processing',
      }
      state.orders.push(order)
      await work(order, script)
      if (fault === 'loses') return 'cut'
      if (fault === 'hides') return 'hangs'
      return fault ?? (await answer(order, script))
    },
    tell: (order, answer) => {
      const script = scriptOf(order)
      const isFaulty = script.asked !== undefined && isDue(script, 'asked', script.askedTimes)
      if (!isFaulty || script.asked === undefined) return answer(script)
      return typeof script.asked === 'number' ? statusReply(script.asked, script) : script.asked
    },
  }

  return {
    baseUrl,
    apiKey: dialect.apiKey,
    orders: state.orders,
    requests: state.requests,
    scripts: state.scripts,
    revokeKey: () => {
      state.isKeyGood = false
    },
    sendWebhook,
    close: async () => {
      for (const timer of state.timers) clearTimeout(timer)
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

const statusReply = (status: number, { retryAfterSeconds }: FakeScript): FakeReply => ({
  status,
  ...(retryAfterSeconds === undefined
    ? {}
    : { headers: { 'retry-after': String(retryAfterSeconds) } }),
  body: { detail: 'not now', error: { message: 'not now', type: 'server_error', code: null } },
})

const PAGE = '<!doctype html><title>Maintenance</title><p>We will be back soon.'

const reply = (outgoing: ServerResponse, answer: FakeReply): void => {
  if (answer === 'hangs') return
  if (answer === 'cut') return void outgoing.socket?.destroy()
  if (answer === 'page') {
    outgoing.writeHead(200, { 'content-type': 'text/html' }).end(PAGE)
    return
  }
  if (answer === 'truncated') {
    outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{"id": "half of a')
    return
  }
  if (answer === 'huge') return pour(outgoing)
  if (typeof answer === 'number') return void outgoing.writeHead(answer).end()
  const { status, headers = {}, body } = answer
  if (body instanceof Uint8Array) {
    outgoing.writeHead(status, headers).end(body)
    return
  }
  const json = { 'content-type': 'application/json', ...headers }
  outgoing.writeHead(status, json).end(body === undefined ? '' : JSON.stringify(body))
}

const CHUNK = Buffer.alloc(1 << 20, ' ')

/** An answer without end: until the other side has had enough. */
const pour = (outgoing: ServerResponse): void => {
  outgoing.writeHead(200, { 'content-type': 'application/json' })
  outgoing.write('{"id": "huge", "data": "')
  const more = (): void => {
    while (!outgoing.destroyed && outgoing.write(CHUNK));
  }
  outgoing.on('drain', more)
  more()
}

const bytesOf = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** What was sent as JSON. */
export const jsonOf = ({ body }: FakeRequest): Record<string, unknown> =>
  JSON.parse(body.toString() || '{}') as Record<string, unknown>
