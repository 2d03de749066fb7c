import { WithStartWorkflowOperation, type Client, type WorkflowHandle } from '@temporalio/client'
import type {
  PipelineAdmission,
  PipelineOrder,
  PipelineOutcome,
} from '../../src/contracts/orders.ts'
import { pipelineWorkflowId } from '../../src/domain/ids.ts'
import type { OrderInput } from '../../src/workflows/lib/order-run.ts'
import { admitOrder } from '../../src/workflows/messages.ts'
import { newId } from './records.ts'

type Pipeline = (input: OrderInput) => Promise<PipelineOutcome>

/** The first order of an execution that no other test has; its retry is `{ ...order, round: 1 }`. */
export const newPipelineOrder = (
  pipeline: PipelineOrder['pipeline'],
  input: PipelineOrder['input'] = {},
): PipelineOrder => ({
  executionId: newId('execution'),
  accountId: 'acct_workflowtest',
  pipeline,
  subjectId: 'med_workflowtest',
  round: 0,
  priority: 3,
  input,
})

export interface OrderedPipeline {
  readonly admission: PipelineAdmission
  readonly handle: WorkflowHandle<Pipeline>
}

/** Orders the work of a pipeline as the API does, and resolves when it is admitted. */
export const orderPipeline = async (
  { client }: { readonly client: Client },
  order: PipelineOrder,
): Promise<OrderedPipeline> => {
  const { executionId, pipeline, round } = order
  const startWorkflowOperation = new WithStartWorkflowOperation<Pipeline>(pipeline, {
    workflowId: pipelineWorkflowId(pipeline, executionId),
    taskQueue: 'pipelines',
    args: [{ admitted: null }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  })
  const admission = await client.workflow.executeUpdateWithStart(admitOrder, {
    updateId: `${executionId}:${round}`,
    args: [order],
    startWorkflowOperation,
  })
  return { admission, handle: await startWorkflowOperation.workflowHandle() }
}
