import { describe, expect, test } from 'vitest'
import { eventContextOf, readEventContext, readTraceHeaders, readTraceparent, traceparentOf } from './trace-context.ts'

// The example of W3C Trace Context, section 3.2.
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

describe('a traceparent', () => {
  test.for([
    ['nothing', ''],
    ['a version that is forbidden', `ff-${TRACE}-${SPAN}-01`],
    ['more than version 00 has', `00-${TRACE}-${SPAN}-01-more`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['a short trace', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['no flags', `00-${TRACE}-${SPAN}`],
    ['two of them', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
  ] as const)('is none with %s', ([, text]) => {
    expect(readTraceparent(text)).toBeUndefined()
  })

  test.for([
    [`00-${TRACE}-${SPAN}-01`, true],
    [`00-${TRACE}-${SPAN}-00`, false],
    [`00-${TRACE}-${SPAN}-02`, false],
    [`01-${TRACE}-${SPAN}-03-more`, true],
  ] as const)('is read: %s', ([text, sampled]) => {
    expect(readTraceparent(text)).toEqual({ traceId: TRACE, spanId: SPAN, sampled })
  })

  test('is written', () => {
    expect(traceparentOf({ traceId: TRACE, spanId: SPAN, sampled: true })).toBe(`00-${TRACE}-${SPAN}-01`)
  })
})

describe('the headers of a call', () => {
  test('are read as W3C has them, before B3', () => {
    const headers = {
      traceparent: `00-${TRACE}-${SPAN}-00`,
      'x-b3-traceid': 'a'.repeat(32),
      'x-b3-spanid': 'b'.repeat(16),
    }
    expect(readTraceHeaders(headers)).toEqual({ traceId: TRACE, spanId: SPAN, sampled: false })
  })

  test('are read as B3 has them, a short id filled up', () => {
    const headers = {
      traceparent: 'nonsense',
      'x-b3-traceid': 'a'.repeat(16),
      'x-b3-spanid': SPAN,
      'x-b3-sampled': '1',
    }
    expect(readTraceHeaders(headers)).toEqual({
      traceId: '0000000000000000aaaaaaaaaaaaaaaa',
      spanId: SPAN,
      sampled: true,
    })
  })

  test.for([{}, { 'x-b3-traceid': TRACE }, { 'x-b3-traceid': `${TRACE}\n`, 'x-b3-spanid': SPAN }])(
    'tell of nothing: %j',
    (headers) => {
      expect(readTraceHeaders(headers)).toBeUndefined()
    },
  )
})

describe('the context of an event', () => {
  test('is read and written as Hasura does', () => {
    const context = { trace_id: TRACE, span_id: SPAN, sampling_state: null }
    expect(readEventContext(context)).toEqual({ traceId: TRACE, spanId: SPAN, sampled: false })
    expect(JSON.parse(eventContextOf({ traceId: TRACE, spanId: SPAN, sampled: false }))).toEqual(context)
  })

  test.for([null, 'x', {}, { trace_id: TRACE }, { trace_id: 'a\nb', span_id: SPAN }, { trace_id: 7, span_id: SPAN }])(
    'is none: %j',
    (context) => {
      expect(readEventContext(context)).toBeUndefined()
    },
  )
})
