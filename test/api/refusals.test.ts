/** A refusal says what is wrong and what to do, also when no field of the request is to blame. */

import { beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { startApi, type Customer } from './support/api-under-test.ts'
import { testTemporal } from './support/temporal-namespace.ts'

const connection = await testDatabase()
const temporal = await testTemporal()
const api = await startApi({ connection, temporal: temporal.client })
const { call } = api

let customer: Customer
beforeAll(async () => {
  customer = await api.customer()
})

type Call = Parameters<typeof call>[1]

const refusalOf = async (caller: Customer | null, request: Call) => {
  const { detail, errors } = (await call(caller, request)).json()
  expect(errors).toHaveLength(1)
  return { detail, ...errors[0] }
}

const posted = (contentType: string, payload: string): Call => ({
  method: 'POST',
  url: '/v1/videos',
  payload,
  headers: { 'content-type': contentType },
})

describe('a refusal of a whole request says how to mend it', () => {
  test('no key, a key of another kind, and a wrong one are told apart', async () => {
    const url = '/v1/account'
    const authorization = (value: string) => ({ headers: { authorization: value } })
    const ask = (rest: Partial<Call> = {}) => refusalOf(null, { method: 'GET', url, ...rest })
    const path = 'headers.authorization'
    expect(await ask()).toMatchObject({ path, message: 'is missing' })
    expect(await ask(authorization('Basic x'))).toMatchObject({ message: 'is of another kind' })
    const wrong = await ask(authorization('Bearer spool_x'))
    expect(wrong).toMatchObject({ message: 'holds no key that is valid here' })
    expect(wrong.fix).toContain('.spool/stack.json')
  })

  test('behind the admin key another key is needed than before it', async () => {
    const { fix } = await refusalOf(customer, { method: 'POST', url: '/v1/admin/accounts' })
    expect(fix).toContain('SPOOL_ADMIN_KEY')
  })

  test('a webhook with a forged address learns nothing', async () => {
    const response = await call(null, { method: 'POST', url: '/webhooks/tasks/x', payload: {} })
    expect(response.statusCode).toBe(401)
    expect(response.json().errors).toEqual([])
  })

  test('a missing route is not taken for a missing id', async () => {
    const lost = await refusalOf(customer, { method: 'GET', url: '/v1/vidoes' })
    expect(lost.detail).toBe('There is no such route.')
    expect(lost.fix).toContain('/docs')
    const { errors } = (
      await call(customer, { method: 'GET', url: '/v1/videos/vid_000000000000000000000000' })
    ).json()
    expect(errors).toEqual([])
  })

  test.each([
    ['a form instead of JSON', 'application/x-www-form-urlencoded', 'a=b', 'application/json'],
    ['JSON that says it is text', 'text/plain', '{}', 'application/json'],
    ['half of a JSON object', 'application/json', '{"a":', 'one JSON object'],
    ['nothing, said to be JSON', 'application/json', '', 'one JSON object'],
    ['more than is taken', 'application/json', `{"a":"${'x'.repeat(2e6)}"}`, 'bytes; files go to'],
  ])('%s', async (_name, contentType, payload, remedy) => {
    expect((await refusalOf(customer, posted(contentType, payload))).fix).toContain(remedy)
  })

  test('an upload that is no form is told both ways of sending one', async () => {
    const upload = { ...posted('video/mp4', 'x'), url: '/v1/media' }
    const { fix } = await refusalOf(customer, upload)
    expect(fix).toContain('multipart/form-data or application/json')
  })

  test('an event that never comes cannot be asked for', async () => {
    const refused = await refusalOf(customer, {
      method: 'POST',
      url: '/v1/webhooks/endpoints',
      payload: { url: 'https://example.com/hooks', topics: ['localise.completed'] },
    })
    expect(refused.path).toBe('topics.0')
    expect(refused.fix).toContain('Did you mean localize.completed?')
  })

  test('a choice that was not made is missing, not wrong', async () => {
    const response = await call(customer, posted('application/json', '{}'))
    expect(response.json().errors).toContainEqual({
      path: 'format',
      message: 'is missing',
      fix: 'Use one of: 16:9, 9:16, 1:1, 4:5.',
    })
  })
})
