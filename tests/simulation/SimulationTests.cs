namespace Kavalek.Simulation.Tests;

/// <summary>Many clients and a server through everything that goes wrong.</summary>
public static class SimulationTests
{
    [Fact]
    public static Task Whatever_is_lost_late_or_killed_everybody_agrees_or_refuses_and_nothing_is_lost() => Scene.PlayAsync(() =>
    {
        int steps = Setting("KAVALEK_SIMULATION_STEPS", 5_000), seed = Setting("KAVALEK_SIMULATION_SEED", 2), runs = Setting("KAVALEK_SIMULATION_RUNS", 2);
        for (int i = 0; i < runs; i++) Run(seed + i, steps);
    });

    [Fact]
    public static Task A_seed_repeats_its_run_step_by_step() => Scene.PlayAsync(() => Assert.Equal(Lived(4), Lived(4)));

    // What happens in the first steps of a seed.
    static string Lived(int seed)
    {
        using World world = new(seed);
        Begin(world);
        Chaos chaos = new(world);
        while (world.Steps < 700) chaos.Next();
        return world.TraceText;
    }

    static void Begin(World world)
    {
        Life life = new(world);
        foreach (string name in (string[])["ada", "ben", "cleo", "dan"]) life.SignUp(name);
        life.AddDevice(world.People[0]);
        new Calm(world).Settle();
    }

    static int Setting(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), out int value) ? value : otherwise;

    static void Run(int seed, int steps)
    {
        using World world = new(seed);
        try
        {
            Begin(world);
            Chaos chaos = new(world);
            for (int phase = 0; world.Steps < steps; phase++)
            {
                for (int end = world.Steps + 500; world.Steps < end;) chaos.Next();
                new Calm(world).Judge();
            }
            if (Environment.GetEnvironmentVariable("KAVALEK_SIMULATION_TRACE") is { } trace) File.WriteAllText(trace, world.TraceText);
        }
        catch (Exception e)
        {
            string file = Path.Combine(Path.GetTempPath(), $"kavalek-simulation-{seed}.txt");
            File.WriteAllText(file, world.TraceText + Ledger.Describe(world));
            throw new InvalidOperationException($"Seed {seed} broke at step {world.Steps}; KAVALEK_SIMULATION_SEED={seed} repeats it. What happened is in {file}.", e);
        }
    }
}
