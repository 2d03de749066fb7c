/** When a part of the server is away: 503 with Retry-After, at once, and work goes on when it is back. */

import { Client, Connection } from '@temporalio/client'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { connectDatabase } from '../../src/db/database.ts'
import { testDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { signedWebhook, startApi, webhookPath } from './support/api-under-test.ts'
import { testTemporal } from './support/temporal-namespace.ts'

/** A line to a real server that can be cut: connections are closed and new ones refused. */
const cuttableLine = async (target: { host: string; port: number }) => {
  const sockets = new Set<Socket>()
  let server: Server | null = null
  let port = 0
  const mend = async () => {
    server = createServer((socket) => {
      const onward = connect(target)
      for (const end of [socket, onward]) {
        sockets.add(end)
        end.on('error', () => undefined)
        end.on('close', () => {
          sockets.delete(end)
          socket.destroy()
          onward.destroy()
        })
      }
      socket.pipe(onward).pipe(socket)
    })
    await new Promise<void>((resolve) => server!.listen(port, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  }
  const cut = async () => {
    const closed = new Promise((resolve) => server?.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await mend()
  afterAll(cut)
  return { cut, mend, port }
}

const database = await testDatabase()
const databaseUrl = new URL(database.url)
const databaseLine = await cuttableLine({
  host: databaseUrl.hostname,
  port: Number(databaseUrl.port || 5432),
})
databaseUrl.hostname = '127.0.0.1'
databaseUrl.port = String(databaseLine.port)
const connection = connectDatabase({
  url: databaseUrl.href,
  poolSizeMax: 4,
  applicationName: 'spool-outages',
  onIdleError: () => undefined,
})

const temporal = await testTemporal()
const [temporalHost, temporalPort] = temporal.address.split(':') as [string, string]
const temporalLine = await cuttableLine({ host: temporalHost, port: Number(temporalPort) })
const temporalConnection = await Connection.connect({ address: `127.0.0.1:${temporalLine.port}` })
const client = new Client({ connection: temporalConnection, namespace: temporal.namespace })
const api = await startApi({
  connection,
  temporal: client,
  settings: { admissionTimeoutMs: 1_000 },
})
afterAll(async () => {
  // The Temporal connection ends with the process: a call that is still being retried by the SDK when
  // its channel is closed throws where nobody can catch it.
  await connection.close()
})

const customer = await api.customer({ credits: 100 })
const videoId = await api.video(customer.id)
const order = () => api.call(customer, { method: 'POST', url: `/v1/videos/${videoId}/renders` })
const ready = () => api.call(null, { method: 'GET', url: '/readyz' })

const expectAway = (response: Awaited<ReturnType<typeof order>>, code: string) => {
  expect(response.statusCode).toBe(503)
  expect(response.json().code).toBe(code)
  expect(Number(response.headers['retry-after'])).toBeGreaterThan(0)
}

test('without a worker an order is answered 503 in time, and nothing is held', async () => {
  // By the order's own deadline: the one of all requests would answer OVERLOADED.
  expectAway(await order(), 'TEMPORAL_UNAVAILABLE')
  expect(await api.repositories.ledger.balance(customer.id)).toMatchObject({ held: 0 })
})

test('without Temporal orders and news are refused for now, and all else goes on', async () => {
  await temporalLine.cut()
  expectAway(await order(), 'TEMPORAL_UNAVAILABLE')
  const task = { input: 'https://example.com/a.mp3', kind: 'render' }
  const taskResponse = await api.call(customer, { method: 'POST', url: '/v1/tasks', payload: task })
  expectAway(taskResponse, 'TEMPORAL_UNAVAILABLE')
  const path = webhookPath({ workflowId: 'render-x', executionId: 'exec_x' })
  const news = signedWebhook({ type: 'job.succeeded', task_id: 'task_x' })
  expectAway(await api.call(null, { method: 'POST', url: path, ...news }), 'TEMPORAL_UNAVAILABLE')
  expect((await api.call(customer, { method: 'GET', url: '/v1/account' })).statusCode).toBe(200)
  expect((await api.call(null, { method: 'GET', url: '/metrics' })).statusCode).toBe(200)
  const state = await ready()
  expect(state.statusCode).toBe(503)
  expect(state.json().checks).toEqual({ postgres: 'ok', temporal: 'unavailable', storage: 'ok' })

  await temporalLine.mend()
  await eventually(async () => expect((await ready()).statusCode).toBe(200))
})

test('without PostgreSQL everything is refused for now, and the next request after it is back works', async () => {
  await databaseLine.cut()
  expectAway(
    await api.call(customer, { method: 'GET', url: '/v1/account' }),
    'DATABASE_UNAVAILABLE',
  )
  expectAway(await order(), 'DATABASE_UNAVAILABLE')
  const path = webhookPath({ workflowId: 'render-x', executionId: 'exec_x' })
  const news = signedWebhook({ type: 'job.progress', task_id: 'task_x', progress: 5 })
  expectAway(await api.call(null, { method: 'POST', url: path, ...news }), 'DATABASE_UNAVAILABLE')
  expect((await api.call(null, { method: 'GET', url: '/healthz' })).statusCode).toBe(200)
  const state = await ready()
  expect(state.statusCode).toBe(503)
  expect(state.json().checks).toEqual({ postgres: 'unavailable', temporal: 'ok', storage: 'ok' })

  await databaseLine.mend()
  expect((await api.call(customer, { method: 'GET', url: '/v1/account' })).statusCode).toBe(200)
})
