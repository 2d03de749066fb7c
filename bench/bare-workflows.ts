/** Yardsticks: what Temporal alone needs for as many activities of the same kinds. */

import {
  condition,
  defineSignal,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
} from '@temporalio/workflow'

/** What the yardsticks' activities do: nothing, but one says when it began. */
export interface BareActivities {
  nothing(input: { readonly id: string }): Promise<{ readonly id: string }>
  /** The remote job: sends the signal. */
  submit(input: {
    readonly id: string
    readonly workflowId: string
  }): Promise<{ readonly id: string }>
  began(input: { readonly id: string }): Promise<{ readonly id: string }>
}

export const bareSignal = defineSignal('bareSignal')

const TIMEOUT = { startToCloseTimeout: '1 minute' } as const
const local = proxyLocalActivities<BareActivities>(TIMEOUT)
const here = proxyActivities<BareActivities>(TIMEOUT)
const elsewhere = proxyActivities<BareActivities>({ ...TIMEOUT, taskQueue: 'bare-media' })

const signalled = (): (() => Promise<void>) => {
  let told = false
  setHandler(bareSignal, () => {
    told = true
  })
  return () => condition(() => told)
}

/** As a render: two local activities, three on its own queue, four on another, one signal. */
export async function bareRender({ id, workflowId }: { id: string; workflowId: string }) {
  const untilSignalled = signalled()
  await local.nothing({ id })
  await elsewhere.nothing({ id })
  await here.submit({ id, workflowId })
  await untilSignalled()
  await elsewhere.nothing({ id })
  await Promise.all([elsewhere.nothing({ id }), elsewhere.nothing({ id })])
  await here.nothing({ id })
  await local.nothing({ id })
  await here.nothing({ id })
}

/** Waits for a signal and begins one activity. */
export async function bareWait({ id }: { id: string }) {
  await signalled()()
  await elsewhere.began({ id })
}
