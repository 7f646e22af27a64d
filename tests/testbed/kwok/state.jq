# Where a pod stands: "new", "ready", "running" (not ready), "terminated", or the reason of the
# first waiting container.
if (.status.containerStatuses | length) == 0 then "new"
else
  [.status.containerStatuses[].state
   | .waiting.reason // (if .terminated then "terminated" else empty end)] as $stopped
  | if ($stopped | length) > 0 then $stopped[0]
    elif any(.status.conditions[]?; .type == "Ready" and .status == "True") then "ready"
    else "running" end
end
