{{- define "gateway.labels" -}}
app.kubernetes.io/name: tenant-graphql-gateway
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "gateway.environment" -}}
- name: GATEWAY_CONTROL_DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ .Values.controlDatabase.existingSecret }}, key: url}}
- name: GATEWAY_SECRET_KEYS
  valueFrom: {secretKeyRef: {name: {{ .Values.secretKeys.existingSecret }}, key: keys}}
- name: GATEWAY_ALLOWED_HTTP_HOSTS
  value: {{ join "," .Values.allowedHosts | quote }}
- name: GATEWAY_REDIS_URL
  value: {{ .Values.redisUrl | quote }}
- name: WORKERS
  value: {{ .Values.workers | quote }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
