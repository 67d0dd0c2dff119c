# One command on the spool of a replica that does not run, as a Job with that replica's claim and the container of the
# command's program: its user, settings and secrets. $pod: the replica, as eventspool-2; $command: as
# "eventspool uploader flush".
#     kubectl get statefulset eventspool -o json | jq -f command.jq --arg pod eventspool-2 --arg command \
#         "eventspool uploader flush" | kubectl create -f -
($command | split(" ")) as $words
| ($words | map(select(. != "eventspool")) | .[0]) as $program
| (.spec.volumeClaimTemplates[0].metadata.name) as $spool
| .metadata.namespace as $namespace
| .spec.template
| .spec.containers |= map(select(.name == $program))
| if .spec.containers == [] then error("no container is named \($program)") else . end
| {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {generateName: "\($pod)-command-", namespace: $namespace},
    spec: {
      backoffLimit: 0,
      template: {
        metadata: {annotations: .metadata.annotations, labels: {"app.kubernetes.io/name": "eventspool-command"}},
        spec: (.spec
          | del(.topologySpreadConstraints)
          | .restartPolicy = "Never"
          | .volumes += [{name: $spool, persistentVolumeClaim: {claimName: "\($spool)-\($pod)"}}]
          | .containers[0] |= (
              del(.startupProbe, .livenessProbe, .readinessProbe, .lifecycle, .ports)
              | .command = $words
              | .env |= ((. // []) | map(if .name == "POD_NAME" then {name, value: $pod} else . end))))
      }
    }
  }
