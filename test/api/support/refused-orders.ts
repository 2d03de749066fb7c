import type { ApiSettings } from '../../../src/api/dependencies.ts'
import type { TestDatabase } from '../../support/database.ts'
import { startApi, type ApiUnderTest, type Customer } from './api-under-test.ts'
import type { TestTemporal } from './temporal-namespace.ts'

/** An API without a worker to answer: an order that nothing is wrong with is soon answered 503. */
export const startWorkerlessApi = (
  connection: TestDatabase,
  temporal: TestTemporal,
  missingSettings: ApiSettings['missingSettings'],
): Promise<ApiUnderTest> =>
  startApi({
    connection,
    temporal: temporal.client,
    settings: { missingSettings, admissionTimeoutMs: 300 },
  })

export interface OrderAnswer {
  readonly status: number
  readonly code: string
  readonly errors: readonly {
    readonly path: string
    readonly message: string
    readonly fix: string
  }[]
}

/** Orders at a path, as a customer who could pay. */
export const orderAt =
  (url: string) =>
  async (
    api: ApiUnderTest,
    payload: object,
    customer: Customer | null = null,
  ): Promise<OrderAnswer> => {
    const who = customer ?? (await api.customer({ credits: 100 }))
    const response = await api.call(who, { method: 'POST', url, payload })
    return { ...response.json<Omit<OrderAnswer, 'status'>>(), status: response.statusCode }
  }
