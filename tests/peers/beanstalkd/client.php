<?php
// The documented use of pheanstalk 4. Prints what it gets. This version does not take off the quotes of version 1.13.
require_once 'Pheanstalk/autoload.php';

use Pheanstalk\Pheanstalk;

function say(...$values): void
{
    foreach ($values as $value) echo json_encode($value), "\n";
}

$pheanstalk = Pheanstalk::create('127.0.0.1', (int) $argv[1]);
$pheanstalk->useTube('testtube')->put("job payload goes here\r\n", 1000, 0, 60);
$urgent = $pheanstalk->useTube('testtube')->put('urgent', 5);
$later = $pheanstalk->put(json_encode(['test' => 'data']), Pheanstalk::DEFAULT_PRIORITY, 30, 60);
say($urgent->getId(), $pheanstalk->listTubeUsed(true));
say($pheanstalk->peekReady()->getData(), $pheanstalk->peekDelayed()->getId(), $pheanstalk->peekBuried());

$pheanstalk->watchOnly('testtube');
say($pheanstalk->listTubesWatched(true));
$job = $pheanstalk->reserve();
say($job->getData());
$pheanstalk->touch($job);
$stats = $pheanstalk->statsJob($job);
say($stats['tube'], $stats['state'], $stats['pri'], $stats['ttr'], $stats['reserves']);
$pheanstalk->release($job, 2000);
$job = $pheanstalk->reserveWithTimeout(5);
say($job->getData());
$pheanstalk->bury($job, 7);
say($pheanstalk->peekBuried()->getId(), $pheanstalk->kick(10));
$pheanstalk->delete($pheanstalk->reserve());
$pheanstalk->kickJob($later);
say($pheanstalk->peek($later)->getData());
foreach ([1, 2] as $_) $pheanstalk->delete($pheanstalk->reserve());
say($pheanstalk->reserveWithTimeout(0));
$tube = $pheanstalk->statsTube('testtube');
say($tube['name'], $tube['total-jobs'], $tube['cmd-delete'], $tube['current-jobs-ready']);
$pheanstalk->pauseTube('testtube', 60);
$pheanstalk->put('paused');
say($pheanstalk->reserveWithTimeout(0));
$pheanstalk->resumeTube('testtube');
say($pheanstalk->reserveWithTimeout(5)->getData());
say($pheanstalk->listTubes());
try {
    $pheanstalk->delete($later);
} catch (\Pheanstalk\Exception\JobNotFoundException $e) {
    say('NOT_FOUND');
}
say(isset($pheanstalk->stats()['version']), $pheanstalk->stats()['total-jobs']);
