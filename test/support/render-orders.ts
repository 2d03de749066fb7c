import { WithStartWorkflowOperation, type Client, type WorkflowHandle } from '@temporalio/client'
import type { RenderAdmission, RenderOrder, RenderOutcome } from '../../src/contracts/orders.ts'
import { renderWorkflowId, type ExecutionId, type VideoId } from '../../src/domain/ids.ts'
import { admitRender } from '../../src/workflows/messages.ts'
import type { render } from '../../src/workflows/render.ts'
import { newId } from './records.ts'

export const newVideo = (): VideoId => newId('video')

export const newRenderOrder = (videoId = newVideo()): RenderOrder => ({
  executionId: newId('execution'),
  videoId,
  accountId: 'acct_workflowtest',
  priority: 3,
})

/** The task that the renderers of the fake world have for an execution. */
export const remoteTaskOf = (executionId: ExecutionId, round = 1) => `task-${executionId}-${round}`

export interface OrderedRender {
  readonly admission: RenderAdmission
  readonly handle: WorkflowHandle<typeof render>
  readonly outcome: () => Promise<RenderOutcome>
}

/** Orders a render as the API does, and resolves when it is admitted. */
export const orderRender = async (
  { client }: { readonly client: Client },
  order: RenderOrder,
): Promise<OrderedRender> => {
  const startWorkflowOperation = new WithStartWorkflowOperation<typeof render>('render', {
    workflowId: renderWorkflowId(order.videoId),
    taskQueue: 'pipelines',
    args: [{ videoId: order.videoId, admitted: null }],
    workflowIdConflictPolicy: 'USE_EXISTING',
  })
  const admission = await client.workflow.executeUpdateWithStart(admitRender, {
    updateId: order.executionId,
    args: [order],
    startWorkflowOperation,
  })
  const handle = await startWorkflowOperation.workflowHandle()
  return { admission, handle, outcome: () => handle.result() }
}
