using System.Text;
using SharpFuzz;

namespace ProxyCluster.Fuzzing;

/// <summary>
/// What <c>tests/fuzz</c> starts: <c>TARGET</c> runs a target under <c>afl-fuzz</c>, or once with what stands on standard
/// input; <c>seeds DIRECTORY</c> writes what to start from.
/// </summary>
internal static class Program
{
    public static int Main(string[] args)
    {
        switch (args)
        {
            case ["seeds", var directory]:
                WriteSeeds(directory);
                return 0;
            case [var name] when FuzzTarget.Names.Contains(name):
                Run(name);
                return 0;
            default:
                Console.Error.WriteLine($"usage: ProxyCluster.Fuzzing seeds DIRECTORY | {string.Join(" | ", FuzzTarget.Names)}");
                return 2;
        }
    }

    private static void Run(string name)
    {
        // Made by the first input: of the two processes of this program only one runs any.
        FuzzTarget? target = null;
        Fuzzer.OutOfProcess.Run(input =>
        {
            target ??= FuzzTarget.Make(name);
            using var bytes = new MemoryStream();
            input.CopyTo(bytes);
            if (!target.Holds(bytes.ToArray()))
                throw new InvalidOperationException($"{name}: what must hold for every input does not hold for this one");
        });
    }

    private static void WriteSeeds(string directory)
    {
        foreach (var name in FuzzTarget.Names)
        {
            using var target = FuzzTarget.Make(name);
            var seeds = Directory.CreateDirectory(Path.Combine(directory, name)).FullName;
            for (var i = 0; i < target.Sound.Count; i++)
                File.WriteAllBytes(Path.Combine(seeds, $"sound-{i}"), target.Sound[i]);
        }

        // The form of afl-fuzz: a word in quotes on each line.
        File.WriteAllLines(Path.Combine(directory, "words"), FuzzWords.All.Select(static word =>
            $"\"{word.Aggregate(new StringBuilder(), static (text, b) => text.Append("\\x").Append(Convert.ToHexString([b])))}\""));
    }
}
