{{- define "gateway.labels" -}}
app.kubernetes.io/name: tenant-graphql-gateway
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "gateway.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}
{{- define "gateway.environment" -}}
- name: GATEWAY_CONTROL_DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ .Values.controlDatabase.existingSecret }}, key: url}}
- name: GATEWAY_SECRET_KEYS
  valueFrom: {secretKeyRef: {name: {{ .Values.secretKeys.existingSecret }}, key: keys}}
- name: GATEWAY_ALLOWED_HTTP_HOSTS
  value: {{ join "," .Values.allowedHosts | quote }}
{{- if .Values.trustedProxies }}
- name: GATEWAY_TRUSTED_PROXIES
  value: {{ join "," .Values.trustedProxies | quote }}
{{- end }}
{{- if .Values.redis.existingSecret }}
- name: GATEWAY_REDIS_URL
  valueFrom: {secretKeyRef: {name: {{ .Values.redis.existingSecret }}, key: url}}
{{- end }}
- name: WORKERS
  value: {{ .Values.workers | quote }}
{{- if .Values.secretFiles.existingSecret }}
- name: GATEWAY_SECRET_FILES_ROOT
  value: {{ .Values.secretFiles.mountPath | quote }}
- name: GATEWAY_SECRET_FILES
  value: "*"
{{- end }}
{{- if .Values.overrides.existingConfigMap }}
- name: GATEWAY_OVERRIDES_DIR
  value: /overrides
{{- end }}
{{- if .Values.secretSettings }}
- name: GATEWAY_SECRET_ENV
  value: {{ range $index, $one := .Values.secretSettings }}{{ if $index }},{{ end }}{{ $one.name }}{{ end }}
{{- end }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- range .Values.secretSettings }}
- name: {{ .name }}
  valueFrom: {secretKeyRef: {name: {{ .secret }}, key: {{ .key }}}}
{{- end }}
{{- end }}
{{- define "gateway.podSecurity" -}}
runAsNonRoot: true
runAsUser: 999
runAsGroup: 999
fsGroup: 999
seccompProfile: {type: RuntimeDefault}
{{- end }}
{{- define "gateway.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}
{{- define "gateway.mounts" -}}
- {name: data, mountPath: /data}
- {name: tmp, mountPath: /tmp}
{{- if .Values.secretFiles.existingSecret }}
- {name: secret-files, mountPath: {{ .Values.secretFiles.mountPath }}, readOnly: true}
{{- end }}
{{- if .Values.overrides.existingConfigMap }}
- {name: overrides, mountPath: /overrides, readOnly: true}
{{- end }}
{{- end }}
{{- define "gateway.volumes" -}}
- name: data
  {{- if .Values.data.existingClaim }}
  persistentVolumeClaim: {claimName: {{ .Values.data.existingClaim }}}
  {{- else }}
  emptyDir: {}
  {{- end }}
- name: tmp
  emptyDir: {}
{{- if .Values.secretFiles.existingSecret }}
- name: secret-files
  secret: {secretName: {{ .Values.secretFiles.existingSecret }}, defaultMode: 0440}
{{- end }}
{{- if .Values.overrides.existingConfigMap }}
- name: overrides
  configMap: {name: {{ .Values.overrides.existingConfigMap }}}
{{- end }}
{{- end }}
