/** The live channel: everything of one account, nothing of another, nothing lost, nothing twice. */

import { once } from 'node:events'
import { Writable } from 'node:stream'
import pino from 'pino'
import { expect, test } from 'vitest'
import type { ExecutionId } from '../../src/domain/ids.ts'
import { PIPELINE_STEPS } from '../../src/domain/steps.ts'
import { testDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { newId } from '../support/records.ts'
import { startApi, type ApiUnderTest, type Customer } from './support/api-under-test.ts'
import { framesIn, openLive, openMute, PONG, type LiveMessage } from './support/live-client.ts'
import { testTemporal } from './support/temporal-namespace.ts'

const logged: string[] = []
const log = pino(
  { level: 'trace' },
  new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logged.push(chunk.toString())
      done()
    },
  }),
)

const connection = await testDatabase()
const temporal = (await testTemporal()).client
const LONG_MS = 60_000
const startListening = async (settings: Parameters<typeof startApi>[0]['settings']) => {
  const started = await startApi({ connection, temporal, log, settings: settings ?? {} })
  const address = await started.app.listen({ host: '127.0.0.1', port: 0 })
  return { ...started, live: `${address}/v1/live` }
}
const api = await startListening({ eventHeartbeatMs: LONG_MS })
/** Loses patience quickly. */
const strict = await startListening({ eventHeartbeatMs: 100 })
const narrow = await startListening({ eventHeartbeatMs: LONG_MS, liveConnectionsMax: 2 })
const closing = await startListening({ eventHeartbeatMs: LONG_MS })
const { executions } = api.repositories

const keyHeader = ({ key }: Customer) => ({ authorization: `Bearer ${key}` })
const listen = (url: string, customer: Customer) => openLive(url, { headers: keyHeader(customer) })

const admit = async (customer: Customer): Promise<ExecutionId> => {
  const videoId = await api.video(customer.id)
  const executionId = newId('execution')
  await executions.admitRender({
    order: { executionId, videoId, accountId: customer.id },
    workflowId: `render-${videoId}`,
    replaces: null,
    steps: PIPELINE_STEPS.render,
    holdExpiresAt: new Date(Date.now() + LONG_MS),
    amountCredits: 1,
  })
  return executionId
}

const advance = async (executionId: ExecutionId, from: number, to: number): Promise<void> => {
  for (let progress = from; progress <= to; progress += 1) {
    const step = 'remote render'
    await executions.recordProgress({ executionId, step, progress, signOfLifeAt: new Date() })
  }
}

const told = ({ type, executionId, data }: LiveMessage) => [
  executionId,
  type,
  data?.['status'] ?? data?.['progress'],
]

const idsOf = (messages: readonly LiveMessage[]) => messages.map(({ id }) => id)

/** Ids of everything that the table has of an account. */
const allIds = async ({ id: accountId }: Customer): Promise<readonly number[]> => {
  const asked = { accountId, executionId: null, afterSequence: 0, limit: 10_000 }
  return (await executions.accountEvents(asked)).map(({ sequence }) => sequence)
}

const refusedWith = async (url: string, headers: Record<string, string>): Promise<number> => {
  const { answer, socket } = await openMute(url, headers)
  socket?.destroy()
  return answer.statusCode ?? 0
}

test('whoever connects hears what happens from then on, in all executions of the account', async () => {
  const customer = await api.customer({ credits: 10 })
  const before = await admit(customer)
  const client = listen(api.live, customer)
  const { id } = await client.ready
  expect(id).toBe((await allIds(customer)).at(-1))
  const later = await admit(customer)
  await executions.beginStep({ executionId: before, step: 'remote render' })
  await advance(before, 1, 2)
  await eventually(() => expect(client.messages).toHaveLength(5))
  expect(client.messages.map(told)).toEqual([
    [later, 'execution.status', 'pending'],
    [before, 'execution.status', 'processing'],
    [before, 'step.status', 'processing'],
    [before, 'step.progress', 1],
    [before, 'step.progress', 2],
  ])
  expect(client.messages[3]?.data).toEqual({
    step: 'remote render',
    progress: 1,
    at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
  })
  client.socket.close()
})

test('a message says what the server-sent event of the same number says', async () => {
  const customer = await api.customer({ credits: 10 })
  const executionId = await admit(customer)
  await executions.abandon({ executionId, ending: 'canceled', failure: null, step: null })
  const client = listen(`${api.live}?since=0`, customer)
  await eventually(() => expect(client.messages).toHaveLength(2))
  const { body } = await api.get(customer, `/v1/executions/${executionId}/events`)
  const streamed = [...body.matchAll(/^id: (\d+)\nevent: (\S+)\ndata: (.+)$/gm)].map(
    ([, id, type, data]) => ({
      type,
      id: Number(id),
      executionId,
      data: JSON.parse(data!) as unknown,
    }),
  )
  expect(client.messages).toEqual(streamed)
  client.socket.close()
})

test('an account never hears of another one, nor may it ask for an execution of another', async () => {
  const [one, other] = [await api.customer({ credits: 10 }), await api.customer({ credits: 10 })]
  const [ofOne, ofOther] = [await admit(one), await admit(other)]
  const clients = [
    listen(`${api.live}?since=0`, one),
    listen(`${api.live}?since=0`, other),
  ] as const
  await executions.beginStep({ executionId: ofOther, step: 'remote render' })
  await executions.beginStep({ executionId: ofOne, step: 'remote render' })
  for (const [client, own] of [
    [clients[0], ofOne],
    [clients[1], ofOther],
  ] as const) {
    await eventually(() => expect(client.messages).toHaveLength(3))
    expect(new Set(client.messages.map(({ executionId }) => executionId))).toEqual(new Set([own]))
    client.socket.close()
  }
  expect(await refusedWith(`${api.live}?executionId=${ofOther}`, keyHeader(one))).toBe(404)
})

test('one execution can be followed alone', async () => {
  const customer = await api.customer({ credits: 10 })
  const [wanted, unwanted] = [await admit(customer), await admit(customer)]
  const client = listen(`${api.live}?since=0&executionId=${wanted}`, customer)
  await client.ready
  await executions.beginStep({ executionId: unwanted, step: 'remote render' })
  await executions.beginStep({ executionId: wanted, step: 'remote render' })
  await eventually(() => expect(client.messages).toHaveLength(3))
  expect(new Set(client.messages.map(({ executionId }) => executionId))).toEqual(new Set([wanted]))
  client.socket.close()
})

test('whoever hangs up again and again, and comes back with since, misses nothing and hears nothing twice', async () => {
  const customer = await api.customer({ credits: 10 })
  const ids = [await admit(customer), await admit(customer), await admit(customer)]
  for (const executionId of ids) await executions.beginStep({ executionId, step: 'remote render' })
  const written = Promise.all(ids.map((executionId) => advance(executionId, 1, 60)))
  const heard: number[] = []
  const total = 3 + 3 * 2 + 3 * 60
  while (heard.length < total) {
    const client = listen(`${api.live}?since=${heard.at(-1) ?? 0}`, customer)
    const wanted = Math.min(20, total - heard.length)
    await eventually(() => expect(client.messages.length).toBeGreaterThanOrEqual(wanted))
    client.socket.close()
    await client.closed
    heard.push(...idsOf(client.messages))
  }
  await written
  expect(heard).toEqual(await allIds(customer))
})

test('a number that was never given out is taken for the newest one', async () => {
  const customer = await api.customer({ credits: 10 })
  const executionId = await admit(customer)
  const client = listen(`${api.live}?since=${10 ** 15 - 1}`, customer)
  expect((await client.ready).id).toBe((await allIds(customer)).at(-1))
  await executions.beginStep({ executionId, step: 'remote render' })
  await eventually(() => expect(client.messages).toHaveLength(2))
  client.socket.close()
})

test('a page opens it with a ticket, which stands in no address and in no log', async () => {
  const customer = await api.customer({ credits: 10 })
  const executionId = await admit(customer)
  const answer = await api.post(customer, '/v1/live/tickets')
  expect(answer.statusCode).toBe(201)
  expect(answer.headers['cache-control']).toBe('no-store')
  const { ticket, protocols } = answer.json<{ ticket: string; protocols: string[] }>()
  const client = openLive(`${api.live}?since=0`, { protocols })
  await eventually(() => expect(client.messages.map(told)).toHaveLength(1))
  expect(client.messages[0]?.executionId).toBe(executionId)
  expect(client.socket.protocol).toBe('spool.live.v1')
  client.socket.close()
  await client.closed
  expect(logged.join('')).toContain('a live connection was opened')
  expect(logged.join('')).not.toContain(ticket)
})

test.each([
  ['nothing', {}],
  ['an unknown key', { authorization: `Bearer spool_${'x'.repeat(20)}` }],
  [
    'a forged ticket',
    { 'sec-websocket-protocol': `spool.live.v1, spool.ticket.W10.${'A'.repeat(43)}` },
  ],
  ['no ticket at all', { 'sec-websocket-protocol': 'spool.live.v1' }],
])('%s opens no connection', async (_what, headers: Record<string, string>) => {
  expect(await refusedWith(api.live, headers)).toBe(401)
})

test('a ticket opens nothing once its key was revoked', async () => {
  const customer = await api.customer()
  const { ticket } = (await api.post(customer, '/v1/live/tickets')).json<{ ticket: string }>()
  const [key] = await api.repositories.apiKeys.list(customer.id)
  await api.repositories.apiKeys.revoke(customer.id, key!.id)
  const offered = { 'sec-websocket-protocol': `spool.ticket.${ticket}` }
  expect(await refusedWith(api.live, offered)).toBe(401)
})

test('a ticket is good for nothing else', async () => {
  const customer = await api.customer()
  const { ticket } = (await api.post(customer, '/v1/live/tickets')).json<{ ticket: string }>()
  const headers = { 'sec-websocket-protocol': `spool.ticket.${ticket}` }
  const answer = await api.call(null, { method: 'GET', url: '/v1/account', headers })
  expect(answer.statusCode).toBe(401)
})

test('an open connection is closed when its key is revoked, before it hears of anything else', async () => {
  const customer = await api.customer({ credits: 10 })
  const executionId = await admit(customer)
  const client = listen(api.live, customer)
  await client.ready
  const [key] = await api.repositories.apiKeys.list(customer.id)
  await api.repositories.apiKeys.revoke(customer.id, key!.id)
  await executions.beginStep({ executionId, step: 'remote render' })
  expect(await client.closed).toBe(4401)
  expect(client.messages).toEqual([])
})

test('a revoked key is noticed while nothing happens, too', async () => {
  const customer = await strict.customer()
  const client = listen(strict.live, customer)
  await client.ready
  const [key] = await api.repositories.apiKeys.list(customer.id)
  await api.repositories.apiKeys.revoke(customer.id, key!.id)
  expect(await client.closed).toBe(4401)
})

test.each([
  ['text that is no JSON', 'hello', 1007],
  ['JSON that says nothing', '{"type":"subscribe"}', 1007],
  ['a ping with more in it', '{"type":"ping","id":1}', 1007],
  ['bytes', Buffer.from('{"type":"ping"}'), 1003],
  ['a message that is too long', `"${'x'.repeat(2_000)}"`, 1009],
])('%s is answered by closing', async (_what, message, code) => {
  const client = listen(api.live, await api.customer())
  await client.ready
  client.socket.send(message)
  expect(await client.closed).toBe(code)
})

test('a ping is answered', async () => {
  const client = listen(api.live, await api.customer())
  await client.ready
  client.socket.send('{"type":"ping"}')
  await eventually(() => expect(client.messages).toEqual([{ type: 'live.pong' }]))
  client.socket.close()
})

test('a peer that leaves pings unanswered is dropped, one that answers stays', async () => {
  const customer = await strict.customer({ credits: 10 })
  const executionId = await admit(customer)
  const alive = listen(strict.live, customer)
  await alive.ready
  const { socket: dead } = await openMute(strict.live, keyHeader(customer))
  const gone = once(dead!, 'close')
  dead!.resume()
  await gone
  await executions.beginStep({ executionId, step: 'remote render' })
  await eventually(() => expect(alive.messages).toHaveLength(2))
  alive.socket.close()
  await alive.closed
  await eventually(() => expect(strict.app.websocketServer.clients.size).toBe(0))
})

/** Many megabytes: more than the network takes of one who does not read. */
const writeMuch = async (executionId: ExecutionId, count: number): Promise<void> => {
  await connection.pool.query(
    `INSERT INTO execution_events (execution_id, account_id, type, data)
     SELECT e.id, e.account_id, 'step.progress', jsonb_build_object('text', repeat('x', 32768))
     FROM executions AS e, generate_series(1, $2::int) WHERE e.id = $1`,
    [executionId, count],
  )
}

test('a peer that does not read is closed as too slow, and finds the rest when it comes back', async () => {
  const customer = await strict.customer({ credits: 10 })
  const executionId = await admit(customer)
  const count = 800
  await writeMuch(executionId, count)
  const { socket } = await openMute(`${strict.live}?since=0`, keyHeader(customer))
  // Alive, as a client is whose reader alone has stopped.
  const alive = setInterval(() => socket!.write(PONG), 20)
  const chunks: Buffer[] = []
  socket!.on('data', (chunk: Buffer) => chunks.push(chunk)).pause()
  const { clients } = strict.app.websocketServer
  await eventually(() => expect([...clients].map(({ readyState }) => readyState)).toEqual([2]))
  socket!.resume()
  const frames = await eventually(() => {
    const received = framesIn(Buffer.concat(chunks))
    expect(received.at(-1)?.opcode).toBe(8)
    return received
  })
  clearInterval(alive)
  socket!.destroy()

  expect(frames.at(-1)?.payload.readUInt16BE(0)).toBe(4408)
  const heard = frames
    .filter(({ opcode }) => opcode === 1)
    .map(({ payload }) => JSON.parse(payload.toString()) as LiveMessage)
    .filter(({ type }) => type !== 'live.ready')
  expect(heard.length).toBeLessThan(count)

  const again = listen(`${api.live}?since=${heard.at(-1)?.id ?? 0}`, customer)
  await eventually(() => expect(heard.length + again.messages.length).toBe(count + 1))
  again.socket.close()
  expect([...idsOf(heard), ...idsOf(again.messages)]).toEqual(await allIds(customer))
})

test('an account has so many connections and no more, and others have theirs', async () => {
  const [customer, other] = [await narrow.customer(), await narrow.customer()]
  const open = [listen(narrow.live, customer), listen(narrow.live, customer)]
  await Promise.all(open.map(({ ready }) => ready))
  expect(await listen(narrow.live, customer).closed).toBe(4429)
  const ofOther = listen(narrow.live, other)
  await ofOther.ready
  const metrics = async () => (await narrow.get(null, '/metrics')).body
  expect(await metrics()).toMatch(/^spool_live_connections 3$/m)

  open[0]!.socket.close()
  await open[0]!.closed
  await eventually(async () => expect(await metrics()).toMatch(/^spool_live_connections 2$/m))
  const next = listen(narrow.live, customer)
  await next.ready
  for (const { socket } of [open[1]!, ofOther, next]) socket.close()
})

test('a server that goes says so, and waits for nobody who says nothing', async () => {
  const customer = await closing.customer({ credits: 10 })
  const client = listen(closing.live, customer)
  await client.ready
  const { socket: mute } = await openMute(closing.live, keyHeader(customer))
  mute!.on('error', () => undefined)
  await closing.app.close()
  expect(await client.closed).toBe(1001)
  mute!.destroy()
})

const answerTo = async (one: ApiUnderTest & { live: string }, path: string, headers: object) => {
  const { origin } = new URL(one.live)
  const { answer, socket } = await openMute(`${origin}${path}`, headers as Record<string, string>)
  expect(socket).toBeNull()
  return answer.statusCode
}

test('only the live channel becomes a WebSocket; other routes answer as ever', async () => {
  const customer = await api.customer()
  expect(await answerTo(api, '/v1/account', keyHeader(customer))).toBe(200)
  const others = { ...keyHeader(customer), upgrade: 'h2c' }
  expect(await answerTo(api, '/v1/account', others)).toBe(200)
  const plain = await api.get(customer, '/v1/live')
  expect(plain.statusCode).toBe(422)
  expect(plain.json()).toMatchObject({ errors: [{ path: 'Upgrade' }] })
  expect(await refusedWith(`${api.live}?since=yesterday`, keyHeader(customer))).toBe(422)
})
