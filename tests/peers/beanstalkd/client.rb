# The documented use of beaneater. Prints what it gets.
require "beaneater"

bean = Beaneater.new("127.0.0.1:#{ARGV[0]}")
tube = bean.tubes["mail"]
p tube.put("first", pri: 1000, ttr: 10)[:status]
tube.put("urgent", pri: 5)
tube.put("later", delay: 60)
p tube.peek(:ready).body, tube.peek(:delayed).body, tube.peek(:buried)

bean.tubes.watch!("mail")
p bean.tubes.watched.map(&:name), bean.tubes.used.name
job = bean.tubes.reserve(2)
p job.body, job.reserved?, job.stats.pri, job.stats.state, job.tube, job.ttr
job.touch
job.release(pri: 2000, delay: 0)
job = bean.tubes.reserve
p job.body
job.bury(pri: 1)
p tube.peek(:buried).body, tube.stats.current_jobs_buried, tube.stats.name
p tube.kick(10)[:id]
job = bean.jobs.find(job.id)
p job.stats.buries, job.stats.kicks
job.delete
p job.exists?
begin
  bean.tubes.watch!("nothing")
  bean.tubes.reserve(0)
rescue Beaneater::TimedOutError => e
  p e.status
end
p tube.pause(1)[:status]
p bean.tubes.all.map(&:name).sort
p bean.stats.current_jobs_delayed, bean.stats[:version].class
tube.clear
p tube.peek(:ready), tube.peek(:delayed)

tube = bean.tubes["work"]
tube.put("one")
tube.put("two")
done = []
bean.jobs.register("work") do |each|
  done << each.body
  raise Beaneater::AbortProcessingError if done.size == 2
end
bean.jobs.process! rescue Beaneater::AbortProcessingError
p done
bean.close
