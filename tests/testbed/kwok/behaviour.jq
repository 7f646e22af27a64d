# What is to become of a pod: one word, read from the tags of its images (not from the repository
# names). Comment lines are dropped and the rest is joined to one line before kwok sees it.
# With no grace the API server itself removes the pod, right after it has said that it will; kwok
# deletes by name, and would hit the next pod of a StatefulSet, again and again.
if .metadata.deletionTimestamp and .metadata.deletionGracePeriodSeconds == 0 then "gone"
elif .metadata.deletionTimestamp then "deleted"
else
  [.spec.containers[].image | scan(":([^/:@]*)(?:@|$)") | .[0]] | join(" ")
  | if test("crash") then "crash"
    elif test("oom") then "oom"
    elif test("missing") then "missing"
    elif test("config") then "config"
    elif test("hang") then "hang"
    elif test("slow") then "slow"
    elif test("flap") then "flap"
    else "well" end
end
