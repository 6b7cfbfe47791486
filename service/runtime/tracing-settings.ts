import { z } from 'zod'
import { Secret } from './secret.ts'

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

/** The names are OpenTelemetry's own (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). */
export const TRACING_ENVIRONMENT = {
  /** Where traces go, by OTLP over HTTP; without it, none are made. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  /** The same, as the whole address. */
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: z.url().optional(),
  /** What the collector asks for, for example `authorization=Bearer%20…`; several with commas. */
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .refine((text) => text.split(',').every((pair) => /^\s*[\w-]+=\S+\s*$/.test(pair)), 'must be name=value,name=value')
    .transform((text) => new Secret(text))
    .optional(),
  OTEL_SERVICE_NAME: z.string().min(1).optional(),
  OTEL_TRACES_SAMPLER: z.enum(SAMPLERS).default('parentbased_always_on'),
  /** Of the two ratios: the share of traces that are kept. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  OTEL_BSP_SCHEDULE_DELAY: z.coerce.number().int().min(10).max(60_000).default(5_000),
  OTEL_SDK_DISABLED: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .default(false),
  /** Whether platforms are told, too, which trace a request belongs to. */
  TRACES_REACH_PLATFORMS: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .default(false),
}

export type TracingSettings = ReturnType<typeof namedTracing>

export function namedTracing(env: z.infer<z.ZodObject<typeof TRACING_ENVIRONMENT>>) {
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT
  const address = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (base && `${base.replace(/\/$/, '')}/v1/traces`)
  return {
    /** Undefined: nothing is recorded. */
    address: env.OTEL_SDK_DISABLED ? undefined : address,
    headers: env.OTEL_EXPORTER_OTLP_HEADERS,
    serviceName: env.OTEL_SERVICE_NAME,
    sampler: env.OTEL_TRACES_SAMPLER,
    ratio: env.OTEL_TRACES_SAMPLER_ARG,
    delayMs: env.OTEL_BSP_SCHEDULE_DELAY,
    reachPlatforms: env.TRACES_REACH_PLATFORMS,
  }
}
