using FsCheck;
using FsCheck.Fluent;
using ProxyCluster.Failover;
using ProxyCluster.Routing;

namespace ProxyCluster.Tests.Failover;

/// <summary>What holds for every sequence of inputs, however silly.</summary>
public sealed class FailoverRulesProperties
{
    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(300);

    private static readonly Arbitrary<List<Turn>> Turns = (
        from kind in Gen.Frequency<TurnKind>(
            (6, Gen.Elements(Enum.GetValues<TurnKind>())),
            (3, Gen.Constant(TurnKind.Silence)),
            (3, Gen.Constant(TurnKind.Unsilence)))
        from region in Gen.Choose(0, 2)
        from silo in Gen.Choose(1, 2)
        from ticks in Gen.Frequency<int>((3, Gen.Choose(0, 30)), (1, Gen.Choose(30, 300)))
        select new Turn(kind, region, silo, ticks)).ListOf().ToArbitrary();

    /// <summary>Things that can happen to a silo, a region or the authority.</summary>
    public enum TurnKind
    {
        Silence,
        Unsilence,
        Leave,
        Join,
        StoreBad,
        StoreGood,
        ErrorsMany,
        ErrorsNone,
        FetchesFail,
        FetchesWork,
        NewAuthority,
        StandStill,
        StepWallClock,
        Drain,
        Undrain,
        Fail,
        Recover,
    }

    public sealed record Turn(TurnKind Kind, int Region, int Silo, int Ticks);

    [Fact]
    public void AnySequence_EveryDecision_KeepsThePromises() => Prop.ForAll(Turns, static turns =>
    {
        var bench = new RulesBench(configure: static options => options.FailedHold = TimeSpan.FromSeconds(8));
        var watch = new Watch(bench);
        foreach (var turn in turns)
        {
            Do(bench, turn);
            for (var tick = 0; tick <= turn.Ticks; tick++)
            {
                var before = bench.Table;
                bench.Step();
                watch.Look(before, bench.Table);

                // The same input again: a table that has just changed may lead to one more change, never to an endless row.
                var changes = ReferenceEquals(before, bench.Table) ? 0 : 2;
                for (var look = 0; look < changes; look++)
                {
                    before = bench.Table;
                    bench.Look();
                    watch.Look(before, bench.Table);
                }

                Assert.Same(bench.Table, FailoverRules.Next(bench.Input, bench.Memory, bench.Options).Table);
            }
        }

        return true;
    }).Check(Many);

    [Fact]
    public void AnySequence_ThenQuiet_EverybodyIsBack() => Prop.ForAll(Turns, static turns =>
    {
        var bench = new RulesBench(configure: static options => options.MaxFailedHold = TimeSpan.FromSeconds(20));
        foreach (var turn in turns)
        {
            Do(bench, turn);
            for (var tick = 0; tick <= turn.Ticks; tick++)
                bench.Step();
        }

        foreach (var (index, region) in RulesBench.Names.Index())
        {
            foreach (var kind in new[] { TurnKind.Unsilence, TurnKind.Join, TurnKind.StoreGood, TurnKind.Undrain, TurnKind.Recover })
            {
                Do(bench, new Turn(kind, index, 1, 0));
                Do(bench, new Turn(kind, index, 2, 0));
            }
        }

        bench.Until(() => bench.Table.Regions.All(static region => region is { State: RegionState.Active, Share: 100, Intent: null }), TimeSpan.FromMinutes(3));
        return true;
    }).Check(Many.WithMaxTest(100));

    private static void Do(RulesBench bench, Turn turn)
    {
        var region = RulesBench.Names[turn.Region];
        var silo = $"{region}-{turn.Silo}";
        switch (turn.Kind)
        {
            case TurnKind.Silence:
                bench.Silence(silo);
                break;
            case TurnKind.Unsilence:
                bench.Unsilence(silo);
                break;
            case TurnKind.Leave:
                bench.Gone(silo);
                break;
            case TurnKind.Join:
                if (!bench.Members.Any(member => member.Id == silo))
                    bench.Join(region, silo);
                break;
            case TurnKind.StoreBad:
                bench.Shape(silo, static report => RulesBench.WithStore(report, false));
                break;
            case TurnKind.ErrorsMany:
                bench.Shape(silo, static report => RulesBench.WithErrors(report, 80));
                break;
            case TurnKind.FetchesFail:
                bench.Shape(silo, static report => RulesBench.WithFetches(report, 50));
                break;
            case TurnKind.FetchesWork:
                bench.Shape(silo, static report => RulesBench.WithFetches(report, 0));
                break;
            case TurnKind.StoreGood or TurnKind.ErrorsNone:
                bench.Shape(silo, static report => report);
                break;
            case TurnKind.NewAuthority:
                bench.Memory = FailoverMemory.None;
                bench.Authority = silo;
                break;
            case TurnKind.StandStill:
                var (table, memory) = (bench.Table, bench.Memory);
                bench.Run(TimeSpan.FromSeconds(5));
                (bench.Table, bench.Memory) = (table, memory);
                break;
            case TurnKind.StepWallClock:
                bench.Wall += TimeSpan.FromHours(turn.Silo == 1 ? 1 : -1);
                break;
            case TurnKind.Drain:
                bench.Order(OperatorVerb.Drain, region);
                break;
            case TurnKind.Undrain:
                bench.Order(OperatorVerb.Undrain, region);
                break;
            case TurnKind.Fail:
                bench.Order(OperatorVerb.Fail, region);
                break;
            case TurnKind.Recover:
                bench.Order(OperatorVerb.Recover, region);
                break;
        }
    }

    /// <summary>Compares each table with the one before, and remembers since when regions stand as they do.</summary>
    private sealed class Watch(RulesBench bench)
    {
        private readonly Dictionary<string, (RegionState State, int Share, TimeSpan Since)> _since = new(StringComparer.Ordinal);

        public void Look(RoutingTable before, RoutingTable after)
        {
            // Epochs grow by one and only with a change; ids without a gap; somebody is in service.
            Assert.Equal(ReferenceEquals(before, after) ? before.Epoch : before.Epoch + 1, after.Epoch);
            Assert.Equal(!ReferenceEquals(before, after), after.LastEventId > before.LastEventId);
            Assert.True(after.Events.Zip(after.Events.Skip(1)).All(static pair => pair.Second.Id == pair.First.Id + 1));
            Assert.Contains(after.Regions, static region => region.IsUsable);

            foreach (var region in after.Regions)
            {
                var known = _since.GetValueOrDefault(region.Name, (region.State, region.Share, bench.Now));
                if (before.FindOrNull(region.Name) is { } was && (was.State, was.Share) != (known.Item1, known.Item2))
                    known = (was.State, was.Share, bench.Now); // an order of an operator in between
                if ((region.State, region.Share) != (known.Item1, known.Item2))
                    Changed(region, known.Item1, bench.Now - known.Item3, after);
                _since[region.Name] = (region.State, region.Share) == (known.Item1, known.Item2) ? known : (region.State, region.Share, bench.Now);
            }
        }

        private void Changed(RegionEntry region, RegionState from, TimeSpan after, RoutingTable table)
        {
            var change = table.Events.Last(change => change.Region == region.Name && change.Kind is RoutingEventKind.State or RoutingEventKind.Share);
            Assert.NotEmpty(change.Reason);
            switch (from, region.State)
            {
                case (RegionState.Failed, RegionState.Recovering) when !change.Reason.Contains("no other region", StringComparison.Ordinal):
                    Assert.True(after >= bench.Options.FailedHold, $"failed for {after} only");
                    break;

                case (RegionState.Suspect, RegionState.Active):
                    Assert.True(after >= bench.Options.SuspectHold, $"suspect for {after} only");
                    break;

                case (RegionState.Recovering, RegionState.Recovering or RegionState.Active):
                    Assert.True(after >= bench.Options.RecoveryStep, $"a step of {after} only");
                    break;

                case (RegionState.Active or RegionState.Suspect or RegionState.Recovering, RegionState.Failed):
                case (RegionState.Active, RegionState.Suspect):
                case (RegionState.Failed, RegionState.Recovering):
                    break;

                default:
                    Assert.Fail($"{region.Name} went from {from} to {region.State}: {region.Reason}");
                    break;
            }
        }
    }
}
