namespace Kavalek.Simulation.Tests;

/// <summary>Many clients and a server through everything that goes wrong (issue "Under attack and under fire", part 7).</summary>
public static class SimulationTests
{
    [Fact]
    public static Task Whatever_is_lost_late_or_killed_everybody_agrees_or_refuses_and_nothing_is_lost() => OnOwnThread(() =>
    {
        int steps = Setting("KAVALEK_SIMULATION_STEPS", 3_000), seed = Setting("KAVALEK_SIMULATION_SEED", 1);
        Run(seed, steps);
    });

    static int Setting(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), out int value) ? value : otherwise;

    static void Run(int seed, int steps)
    {
        using World world = new(seed);
        try
        {
            Life life = new(world);
            foreach (string name in (string[])["ada", "ben", "cleo", "dan"]) life.SignUp(name);
            life.AddDevice(world.People[0]);
            new Calm(world).Settle();
            Chaos chaos = new(world);
            for (int phase = 0; world.Steps < steps; phase++)
            {
                for (int end = world.Steps + 500; world.Steps < end;) chaos.Next();
                new Calm(world).Judge();
            }
        }
        catch (Exception e)
        {
            string file = Path.Combine(Path.GetTempPath(), $"kavalek-simulation-{seed}.txt");
            File.WriteAllText(file, world.TraceText);
            throw new InvalidOperationException($"Seed {seed} broke at step {world.Steps}; KAVALEK_SIMULATION_SEED={seed} repeats it. What happened is in {file}.", e);
        }
    }

    static Task OnOwnThread(Action action)
    {
        Assert.True(EventLoop.IsSingle, "the simulation needs a thread pool of one thread; run it by its own executable");
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread thread = new(() =>
        {
            try
            {
                action();
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        thread.Start();
        return done.Task;
    }
}
