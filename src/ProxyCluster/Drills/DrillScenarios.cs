using System.Collections.Immutable;

namespace ProxyCluster.Drills;

/// <summary>Every scenario there is. A new one is one more entry of the table.</summary>
internal static class DrillScenarios
{
    /// <summary>All of them, in the order of the help text.</summary>
    public static ImmutableArray<DrillScenario> All { get; } =
    [
        new("region-kill", "every process of a region dies at once (SIGKILL)", KillAsync, ReviveAsync)
        {
            IsDetected = OutOfService, IsRerouted = OutOfServiceForAll, Closes = ClosedDoors.OfTheRegion,
        },
        new("store-with-region", "a region dies (SIGKILL), and with it the cluster store or the part of it that lives there", KillAsync, ReviveAsync)
        {
            IsDetected = OutOfService, IsRerouted = OutOfServiceForAll, Closes = ClosedDoors.OfTheRegion, TakesStore = true,
        },
        new("store-freeze", "a region dies (SIGKILL), and the cluster store or the part of it that lives there stands still (SIGSTOP)", KillBesideAFrozenStoreAsync, ReviveAsync)
        {
            IsDetected = OutOfService, IsRerouted = OutOfServiceForAll, Closes = ClosedDoors.OfTheRegion, TakesStore = true,
        },
        new("region-freeze", "every process of a region stands still (SIGSTOP): connections stay open, nothing answers",
            FreezeAsync, ReviveAsync)
        {
            IsDetected = OutOfService, IsRerouted = OutOfServiceForAll, Closes = ClosedDoors.OfTheRegion,
        },
        new("region-partition", "a region runs on, but nothing passes between it and the others", PartitionAsync, HealLinesAsync)
        {
            IsDetected = OutOfService, IsRerouted = OutOfServiceForAll,
        },
        new("store-full", "the disks of a region's silos take no more data", FillDisksAsync, FreeDisksAsync)
        {
            IsDetected = OutOfService, IsRerouted = OutOfServiceForAll,
        },
        new("upstream-429", "upstream answers 429 to everything",
            Outside(static world => world.LetUpstreamRefuse()), Outside(static world => world.Heal())),
        new("upstream-down", "upstream refuses every connection",
            Outside(static world => world.TakeUpstreamAway()), Outside(static world => world.Heal()))
        {
            IsDetected = static (_, seen) => seen.Any(static s => s.IsUpstreamAway),
        },
        new("engine-loss", "every process of the cluster store dies", KillStoreAsync, RestartStoreAsync)
        {
            IsDetected = static (_, seen) => seen.Any(static s => s.IsEngineDegraded),
        },
        new("rolling-restart", "every silo and front end is stopped and started again, one after the other",
            RollAsync, static (_, _) => Task.CompletedTask)
        {
            Closes = ClosedDoors.All,
        },
        new("drain", "an operator takes a region out of service and puts it back",
            static (stage, cancel) => stage.Operator.OrderAsync("drain", stage.Region, cancel),
            static (stage, cancel) => stage.Operator.OrderAsync("undrain", stage.Region, cancel))
        {
            IsDetected = OutOfService, IsRerouted = OutOfServiceForAll,
        },
    ];

    /// <summary>The scenario of this name, or null.</summary>
    public static DrillScenario? FindOrNull(string name) => All.FirstOrDefault(scenario => scenario.Name == name);

    private static bool OutOfService(DrillStage stage, ImmutableArray<Sighting> seen) => stage.IsNoticed(seen);

    private static bool OutOfServiceForAll(DrillStage stage, ImmutableArray<Sighting> seen) => stage.IsRerouted(seen);

    // Only a cluster that the drill started has these; on any other the trouble comes from outside.
    private static OwnCluster Own(DrillStage stage) =>
        stage.Own ?? throw new InvalidOperationException("this trouble can only be made on a cluster that the drill started");

    private static Task KillAsync(DrillStage stage, CancellationToken cancel) =>
        Task.WhenAll(Own(stage).Victims(stage.Region).Select(static process => process.KillAsync()));

    private static Task FreezeAsync(DrillStage stage, CancellationToken cancel)
    {
        foreach (var process in Own(stage).Victims(stage.Region))
            process.Freeze();
        return Task.CompletedTask;
    }

    private static Task KillBesideAFrozenStoreAsync(DrillStage stage, CancellationToken cancel)
    {
        var store = Own(stage).Cluster.StoreMembers.ToHashSet();
        return Task.WhenAll(Own(stage).Victims(stage.Region).Select(process =>
        {
            if (!store.Contains(process))
                return process.KillAsync();
            process.Freeze();
            return Task.CompletedTask;
        }));
    }

    private static async Task ReviveAsync(DrillStage stage, CancellationToken cancel)
    {
        // The store first, as a region's boot order would have it; nobody waits for anybody, the watch sees when all are back.
        foreach (var process in Own(stage).Victims(stage.Region).OrderBy(static process => process.Kind))
        {
            if (process.ProcessId is null)
                await process.StartAsync();
            else
                process.Thaw();
        }
    }

    private static Func<DrillStage, CancellationToken, Task> Outside(Action<DrillWorld> act) => (stage, _) =>
    {
        act(Own(stage).World);
        return Task.CompletedTask;
    };

    private static Task PartitionAsync(DrillStage stage, CancellationToken cancel)
    {
        var own = Own(stage);
        foreach (var other in own.OtherRegions(stage.Region))
            own.Cluster.Lanes.Hold(stage.Region, other);
        return Task.CompletedTask;
    }

    private static Task HealLinesAsync(DrillStage stage, CancellationToken cancel)
    {
        var own = Own(stage);
        foreach (var other in own.OtherRegions(stage.Region))
            own.Cluster.Lanes.Heal(stage.Region, other);
        return Task.CompletedTask;
    }

    private static async Task FillDisksAsync(DrillStage stage, CancellationToken cancel)
    {
        foreach (var silo in Own(stage).Silos(stage.Region))
            await FullDisk.MakeAsync(FullDisk.IntakeOf(silo), cancel);
    }

    private static async Task FreeDisksAsync(DrillStage stage, CancellationToken cancel)
    {
        foreach (var silo in Own(stage).Silos(stage.Region))
            await FullDisk.TakeAwayAsync(FullDisk.IntakeOf(silo), cancel);
    }

    private static Task KillStoreAsync(DrillStage stage, CancellationToken cancel) => Own(stage).Cluster.StoreMembers.ToList() is { Count: > 0 } store
        ? Task.WhenAll(store.Select(static member => member.KillAsync()))
        : throw new DrillException("the store is in the memory of a silo, and cannot be lost without it: choose another with --store");

    private static async Task RestartStoreAsync(DrillStage stage, CancellationToken cancel)
    {
        foreach (var member in Own(stage).Cluster.StoreMembers)
            await member.StartAsync();
    }

    private static async Task RollAsync(DrillStage stage, CancellationToken cancel)
    {
        var cluster = Own(stage).Cluster;
        foreach (var process in cluster.Silos.Concat(cluster.FrontEnds).ToList())
        {
            stage.Progress($"restarting {process.Name}");
            await process.StopAsync(TimeSpan.FromSeconds(30));
            await cluster.RestartAsync(process, cancel);
        }
    }
}
