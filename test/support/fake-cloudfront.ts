import { startFakeHttpService, type FakeAnswer, type FakeHttpService } from './fake-http-service.ts'

export interface FakeCloudFront extends FakeHttpService {
  /** What was really invalidated: one entry for each invalidation that was created. */
  readonly created: { id: string; callerReference: string; paths: string[] }[]
  /** The next call gets this error instead. */
  failNext(status: number, code: string, headers?: Record<string, string>): void
}

const NAMESPACE = 'http://cloudfront.amazonaws.com/doc/2020-05-31/'

/**
 * CreateInvalidation as CloudFront answers it: signed XML in, XML out, and the rule about
 * CallerReference (same paths: the earlier invalidation; other paths: InvalidationBatchAlreadyExists).
 */
export async function startFakeCloudFront(distributionId: string): Promise<FakeCloudFront> {
  const created: FakeCloudFront['created'] = []
  const failures: FakeAnswer[] = []
  const service = await startFakeHttpService((request) => {
    const failure = failures.shift()
    if (failure !== undefined) return failure
    const authorization = request.headers.authorization ?? ''
    const scope = /^AWS4-HMAC-SHA256 Credential=\w+\/\d{8}\/us-east-1\/cloudfront\/aws4_request/
    if (!scope.test(authorization)) return errorAnswer(403, 'MissingAuthenticationToken')
    const path = `/2020-05-31/distribution/${distributionId}/invalidation`
    if (request.method !== 'POST' || request.url !== path) {
      return errorAnswer(404, 'NoSuchDistribution')
    }
    const batch = readBatch(request.body)
    if (batch === null) return errorAnswer(400, 'MalformedXML')
    const earlier = created.find((each) => each.callerReference === batch.callerReference)
    if (earlier === undefined) {
      const invalidation = { id: `I${String(created.length + 1).padStart(13, '0')}`, ...batch }
      created.push(invalidation)
      return createdAnswer(invalidation.id, request.body)
    }
    return JSON.stringify(earlier.paths) === JSON.stringify(batch.paths)
      ? createdAnswer(earlier.id, request.body)
      : errorAnswer(400, 'InvalidationBatchAlreadyExists')
  })
  return {
    ...service,
    created,
    failNext: (status, code, headers = {}) => failures.push(errorAnswer(status, code, headers)),
  }
}

function readBatch(xml: string): { callerReference: string; paths: string[] } | null {
  const isBatch = xml.includes(`<InvalidationBatch xmlns="${NAMESPACE}">`)
  const quantity = /<Paths><Quantity>(\d+)<\/Quantity><Items>/.exec(xml)?.[1]
  const callerReference = /<CallerReference>([^<]+)<\/CallerReference>/.exec(xml)?.[1]
  const paths = [...xml.matchAll(/<Path>([^<]+)<\/Path>/g)].map(([, path]) => unescaped(path ?? ''))
  if (!isBatch || callerReference === undefined || Number(quantity) !== paths.length) return null
  return { callerReference, paths }
}

const unescaped = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')

const createdAnswer = (id: string, batchXml: string): FakeAnswer => ({
  status: 201,
  headers: { 'content-type': 'text/xml', 'x-amzn-requestid': 'req-1' },
  body:
    `<?xml version="1.0"?><Invalidation xmlns="${NAMESPACE}"><Id>${id}</Id>` +
    `<Status>InProgress</Status><CreateTime>2026-11-21T10:00:00.000Z</CreateTime>` +
    `${batchXml.replace(/^<\?xml[^>]*\?>/, '')}</Invalidation>`,
})

const errorAnswer = (
  status: number,
  code: string,
  headers: Record<string, string> = {},
): FakeAnswer => ({
  status,
  headers: { 'content-type': 'text/xml', 'x-amzn-requestid': 'req-2', ...headers },
  body:
    `<?xml version="1.0"?><ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type>` +
    `<Code>${code}</Code><Message>said by the fake</Message></Error>` +
    `<RequestId>req-2</RequestId></ErrorResponse>`,
})
