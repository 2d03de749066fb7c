/** The tools of agents, through the official client: what they may do is what their key may do. */

import type { AddressInfo } from 'node:net'
import {
  Client,
  StreamableHTTPClientTransport,
  type Progress,
  type VersionNegotiationMode,
} from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AGENT_TOOLS } from '../../src/api/mcp/create-mcp-server.ts'
import type { ExecutionId } from '../../src/domain/ids.ts'
import { testDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { newId } from '../support/records.ts'
import { startApi, type Customer } from './support/api-under-test.ts'
import { madeClips } from './support/made-clips.ts'
import { testTemporal } from './support/temporal-namespace.ts'

const connection = await testDatabase()
const temporal = await testTemporal()
const api = await startApi({
  connection,
  temporal: temporal.client,
  settings: { admissionTimeoutMs: 300 },
})

let url: URL
beforeAll(async () => {
  await api.app.listen({ port: 0, host: '127.0.0.1' })
  url = new URL(`http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}/mcp`)
})

const clients: Client[] = []
afterAll(async () => {
  for (const client of clients) await client.close()
})

const connect = async (key: string, mode: VersionNegotiationMode = 'auto'): Promise<Client> => {
  const client = new Client({ name: 'agent', version: '1' }, { versionNegotiation: { mode } })
  const requestInit = { headers: { authorization: `Bearer ${key}` } }
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit }))
  clients.push(client)
  return client
}

const agentOf = async (credits = 0): Promise<{ agent: Client; customer: Customer }> => {
  const customer = await api.customer({ credits })
  return { agent: await connect(customer.key), customer }
}

interface Answered {
  readonly isError: boolean
  readonly body: Record<string, unknown>
}

const call = async (
  agent: Client,
  name: string,
  args: Record<string, unknown> = {},
  onprogress?: (progress: Progress) => void,
): Promise<Answered> => {
  const result = await agent.callTool({ name, arguments: args }, onprogress ? { onprogress } : {})
  const [content] = result.content
  const text = content?.type === 'text' ? content.text : ''
  // Clients of both kinds are served: those that read the text, and those that read the structure.
  expect(JSON.parse(text)).toEqual(result.structuredContent)
  return { isError: result.isError === true, body: JSON.parse(text) as Record<string, unknown> }
}

const CARD = {
  id: 'card',
  type: 'generateImage',
  params: { model: 'local/card', provider: 'local', prompt: 'Hello' },
}

/** A run of one job, as far as the database knows it. */
const startedRun = async (customer: Customer): Promise<ExecutionId> => {
  const executionId = newId('execution')
  const params = { prompt: 'Hello' }
  const choices = [{ model: 'local/card', provider: 'local' }]
  const job = { id: 'card', operation: 'generateImage', params, choices, dependsOn: [] } as const
  await api.repositories.generations.store({
    executionId,
    accountId: customer.id,
    body: { jobs: [CARD] },
    maxCredits: null,
    baseExecutionId: null,
    webhook: null,
    jobs: [{ job, upperCredits: 1 }],
  })
  await api.repositories.executions.admitOrder({
    order: {
      executionId,
      accountId: customer.id,
      pipeline: 'generate',
      subjectId: executionId,
      round: 0,
      priority: 3,
      input: {},
    },
    workflowId: `generate-${executionId}`,
    steps: ['hold credits', 'job card', 'notify'].map((name) => ({ name, priceCredits: 0 })),
    holdExpiresAt: new Date(Date.now() + 60_000),
  })
  return executionId
}

describe('an agent', () => {
  test.each<VersionNegotiationMode>(['auto', 'legacy'])(
    'of the protocol as it is and as it was (%s) is offered the tools, and told how plans are written',
    async (mode) => {
      const { key } = await api.customer()
      const agent = await connect(key, mode)
      const { tools } = await agent.listTools()
      expect(tools.map(({ name }) => name)).toEqual(AGENT_TOOLS.map(({ name }) => name))
      for (const { description, inputSchema } of tools) {
        expect(description).toBeTruthy()
        expect(inputSchema.type).toBe('object')
      }
      expect(agent.getInstructions()).toContain('_imageJobDependency:<id>')
      expect((await call(agent, 'list_models')).body['models']).toContainEqual(
        expect.objectContaining({ model: 'local/card', usable: true }),
      )
    },
  )

  test.each(['', 'sk_wrong'])('without a key of an account (%j) is told nothing', async (key) => {
    await expect(connect(key)).rejects.toThrow(/401|[Uu]nauthori[sz]ed/)
  })

  test('learns the form of plans, down to the parameters', async () => {
    const { agent } = await agentOf()
    const { body } = await call(agent, 'get_plan_schema')
    expect(JSON.stringify(body)).toContain('"const":"addSubtitles"')
  })

  test('is answered in JSON, and holds no connection open', async () => {
    const { key } = await api.customer()
    const answer = await fetch(url, { headers: { authorization: `Bearer ${key}` } })
    expect(answer.status).toBe(405)
  })
})

describe('findings', () => {
  test('come with the job, the path and how to mend it', async () => {
    const { agent } = await agentOf()
    const plan = { jobs: [{ ...CARD, params: { ...CARD.params, model: 'local/crad' } }] }
    const { isError, body } = await call(agent, 'lint_plan', { plan })
    expect(isError).toBe(false)
    expect(body).toMatchObject({ ok: false })
    expect(body['findings']).toContainEqual(
      expect.objectContaining({ severity: 'error', jobId: 'card', path: 'jobs.0.params.model' }),
    )
    expect(JSON.stringify(body['findings'])).toContain('local/card')
  })

  test.each([
    ['of no plan at all', 'a film about the sea'],
    ['of nothing', undefined],
    ['of a plan without jobs', { jobs: [] }],
    ['of jobs that are none', { jobs: ['a', 1, null] }],
  ])('%s are findings, too', async (_what, plan) => {
    const { agent } = await agentOf()
    const { body } = await call(agent, 'lint_plan', plan === undefined ? {} : { plan })
    expect(body).toMatchObject({ ok: false })
    expect(body['findings']).not.toEqual([])
  })

  test('are all that a refused order answers, and nothing is held', async () => {
    const { agent, customer } = await agentOf(100)
    const plan = { jobs: [{ ...CARD, params: { model: 'local/card' } }] }
    const { isError, body } = await call(agent, 'start_plan', { plan })
    expect(isError).toBe(true)
    expect(body).toMatchObject({ code: 'INPUT_INVALID', status: 422 })
    expect(body['findings']).toContainEqual(
      expect.objectContaining({ rule: 'parameter-missing', jobId: 'card' }),
    )
    expect(await api.repositories.ledger.balance(customer.id)).toMatchObject({ held: 0 })
  })
})

test('an estimate says what each job may cost, and holds nothing', async () => {
  const { agent, customer } = await agentOf(100)
  const { body } = await call(agent, 'estimate_plan', { plan: { jobs: [CARD] } })
  expect(body).toMatchObject({ ok: true, estimate: { jobs: [{ jobId: 'card' }] } })
  expect(body).not.toHaveProperty('findings')
  expect(await api.repositories.ledger.balance(customer.id)).toMatchObject({ held: 0 })
})

describe('a run of another account', () => {
  test.each([
    ['watch_generation', { waitSeconds: 0 }],
    ['fork_generation', { dryRun: true }],
    ['cancel_generation', {}],
    ['raise_limit', { maxCredits: 5 }],
  ])('is not there for %s', async (tool, args) => {
    const { customer } = await agentOf()
    const executionId = await startedRun(customer)
    const { agent } = await agentOf()
    const { isError, body } = await call(agent, tool, { executionId, ...args })
    expect(isError).toBe(true)
    expect(body).toMatchObject({ code: 'NOT_FOUND', status: 404 })
  })
})

describe('watching', () => {
  test('tells how a run stands at once, if nobody wants to wait', async () => {
    const { agent, customer } = await agentOf()
    const executionId = await startedRun(customer)
    const { body } = await call(agent, 'watch_generation', { executionId, waitSeconds: 0 })
    expect(body).toMatchObject({ id: executionId, finishedAt: null, completed: 0, total: 1 })
  })

  test('ends when the run ends, and tells how far it is until then', async () => {
    const { agent, customer } = await agentOf()
    const executionId = await startedRun(customer)
    const seen: Progress[] = []
    let heard: (() => void) | undefined
    const first = new Promise<void>((resolve) => (heard = resolve))
    const watched = call(
      agent,
      'watch_generation',
      { executionId, waitSeconds: 50 },
      (progress) => {
        seen.push(progress)
        heard?.()
      },
    )
    await first
    const { executions } = api.repositories
    await executions.beginStep({ executionId, step: 'job card' })
    await eventually(() => expect(seen.length).toBeGreaterThan(1))
    await executions.abandon({ executionId, ending: 'error', failure: 'INTERNAL', step: null })
    const startedAtMs = performance.now()
    expect((await watched).body).toMatchObject({ id: executionId, status: 'error' })
    // By the news, and not because the 50 seconds are over.
    expect(performance.now() - startedAtMs).toBeLessThan(45_000)
    expect(seen[0]).toMatchObject({ progress: 0, total: 1, message: 'completed 0 of 1' })
    expect(seen.at(-1)?.message).toBe('completed 0 of 1, making an image')
    // The protocol wants each number to be higher than the one before.
    const told = seen.map(({ progress }) => progress)
    expect(told).toEqual([...new Set(told)].toSorted((one, other) => one - other))
  })
})

describe('clips', () => {
  test('are listed and shown to the agent of their account, and what is wrong with an edit is said', async () => {
    const { agent, customer } = await agentOf()
    const { executionId, clipIds } = await madeClips(api, customer)
    const { body } = await call(agent, 'list_clips', { executionId })
    expect(body['clips']).toMatchObject(clipIds.map((id) => ({ id, version: 1 })))
    const [clipId] = clipIds
    expect((await call(agent, 'get_clip', { clipId })).body).toMatchObject({ id: clipId })
    const edited = await call(agent, 'edit_clip', { clipId, start: 20, end: 12 })
    expect(edited).toMatchObject({ isError: true, body: { errors: [{ path: 'end' }] } })
  })

  test('of an account are changed in its name, and by nobody else', async () => {
    const { agent, customer } = await agentOf()
    const { clipIds } = await madeClips(api, customer)
    const { key } = await api.customer()
    const stranger = await connect(key)
    for (const tool of ['edit_clip', 'regenerate_clip']) {
      const args = { clipId: clipIds[0], ...(tool === 'edit_clip' && { start: 12 }) }
      // Nobody serves this queue: the order went all the way to where it waits for a worker.
      expect((await call(agent, tool, args)).body).toMatchObject({ status: 503 })
      expect((await call(stranger, tool, args)).body).toMatchObject({ status: 404 })
    }
  })
})
