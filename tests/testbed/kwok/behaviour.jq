# What is to become of a pod: one word, read from the tags of its images (not from the repository
# names). Comment lines are dropped and the rest is joined to one line before kwok sees it.
if .metadata.deletionTimestamp then "deleted"
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
